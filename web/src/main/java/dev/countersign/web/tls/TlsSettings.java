package dev.countersign.web.tls;

import dev.countersign.core.Setting;

/** Where the server's certificate is; all are empty if the server speaks plain HTTP. */
public record TlsSettings(
        @Setting(
                name = "tls-certificate",
                label = "FILE",
                byDefault = "none",
                help = "PEM: the certificate, followed by its intermediate certificates. Turns on TLS on both ports.")
        String certificate,

        @Setting(
                name = "tls-key",
                label = "FILE",
                byDefault = "none",
                help = "PEM: the private key of --tls-certificate, not encrypted.")
        String key,

        @Setting(
                name = "tls-keystore",
                label = "FILE",
                byDefault = "none",
                help = "PKCS12: certificates and key, instead of the two PEM files.")
        String keystore,

        @Setting(
                name = "tls-keystore-password-file",
                label = "FILE",
                byDefault = "none",
                help = "Its first line is the keystore's password. Without it the password is taken from the"
                        + " environment variable COUNTERSIGN_TLS_KEYSTORE_PASSWORD.")
        String keystorePasswordFile) {

    public static TlsSettings none() {
        return new TlsSettings("", "", "", "");
    }
}
