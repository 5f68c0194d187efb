package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates of localhost with their keys, made by keytool, each in PKCS12 and in PEM. */
final class Certificates {

    static final String PASSWORD = "change it";

    private final Path folder;

    Certificates(Path folder) {
        this.folder = folder;
    }

    /** Makes NAME.p12, NAME.crt and NAME.key, self-signed, with an EC key unless the options say otherwise. */
    Certificates make(String name, String... options) throws IOException, GeneralSecurityException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-J-XX:+UseSerialGC",
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                keystore(name),
                "-storepass",
                PASSWORD));
        command.addAll(options.length == 0 ? List.of("-keyalg", "EC") : List.of(options));
        run(command);
        KeyStore store = load(name);
        Files.write(
                Path.of(certificate(name)),
                pem("CERTIFICATE", store.getCertificate(name).getEncoded()));
        Files.write(
                Path.of(key(name)),
                pem("PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded()));
        return this;
    }

    String keystore(String name) {
        return folder.resolve(name + ".p12").toString();
    }

    String certificate(String name) {
        return folder.resolve(name + ".crt").toString();
    }

    String key(String name) {
        return folder.resolve(name + ".key").toString();
    }

    /** For a client that trusts these certificates alone. */
    SSLContext trusting(String... names) throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (String name : names) {
            trusted.setCertificateEntry(name, load(name).getCertificate(name));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private KeyStore load(String name) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(Path.of(keystore(name)))) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    static void run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), US_ASCII);
        assertEquals(0, process.onExit().join().exitValue(), output);
    }

    private static byte[] pem(String label, byte... der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return ("-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n").getBytes(US_ASCII);
    }
}
