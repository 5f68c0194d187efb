package dev.countersign.web;

import dev.countersign.core.Setting;

/** Where the server's certificate is; all are empty where it speaks plain text. */
public record TlsSettings(
        @Setting(
                name = "tls-certificate",
                label = "FILE",
                byDefault = "none",
                help = "PEM: the certificate, then those up to its CA's. Turns TLS on, on both ports.")
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
                help = "PKCS12: certificates and key, in place of the two files.")
        String keystore,

        @Setting(
                name = "tls-keystore-password-file",
                label = "FILE",
                byDefault = "none",
                help = "Its first line is the keystore's password; without it the environment's"
                        + " COUNTERSIGN_TLS_KEYSTORE_PASSWORD is.")
        String keystorePasswordFile) {

    static TlsSettings none() {
        return new TlsSettings("", "", "", "");
    }
}
