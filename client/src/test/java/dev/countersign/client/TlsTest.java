package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import dev.countersign.core.StoreSettings;
import dev.countersign.web.CountersignServer;
import dev.countersign.web.HttpSettings;
import dev.countersign.web.Settings;
import dev.countersign.web.http.Limits;
import dev.countersign.web.intake.QuotaSettings;
import dev.countersign.web.tls.TlsSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that speaks TLS, with certificates of an authority that keytool makes. */
@Timeout(60)
final class TlsTest {

    private static final char[] PASSWORD = "change it".toCharArray();

    @TempDir
    private static Path made;

    @TempDir
    private Path home;

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeAll
    static void makeCertificates() throws IOException, GeneralSecurityException {
        make("ca", "-ext", "bc:c");
        make("good", "-signer", "ca", "-ext", "san=dns:localhost,ip:127.0.0.1");
        make("another", "-signer", "ca", "-ext", "san=dns:another.example");
        make("expired", "-signer", "ca", "-ext", "san=dns:localhost", "-startdate", "-3d", "-validity", "1");
    }

    private static void make(String name, String... options) throws IOException, GeneralSecurityException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-J-XX:TieredStopAtLevel=1",
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keystore",
                made.resolve("all.p12").toString(),
                "-storepass",
                new String(PASSWORD)));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.onExit().join().exitValue(), output);
        KeyStore store = store();
        StringBuilder chain = new StringBuilder("the certificates, and this line that a reader skips\n");
        for (Certificate each : store.getCertificateChain(name)) {
            chain.append(pem("CERTIFICATE", each.getEncoded()));
        }
        Files.writeString(file(name, "crt"), chain);
        Files.writeString(
                file(name, "key"),
                pem("PRIVATE KEY", store.getKey(name, PASSWORD).getEncoded()));
    }

    private static KeyStore store() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(made.resolve("all.p12"))) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    private static String pem(String label, byte... der) {
        String base64 = Base64.getMimeEncoder().encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
    }

    private static Path file(String name, String kind) {
        return made.resolve(name + "." + kind);
    }

    private CountersignServer server(TlsSettings tls) {
        HttpSettings http = new HttpSettings(
                "127.0.0.1", 0, 0, HttpSettings.OFF, false, tls, QuotaSettings.none(), Limits.defaults());
        return CountersignServer.start(Home.open(home), new Settings(http, StoreSettings.defaults()));
    }

    private CountersignServer server() {
        return server(new TlsSettings(
                file("good", "crt").toString(), file("good", "key").toString(), "", ""));
    }

    private int send(int registerPort, int messagePort, String... options) {
        List<String> arguments = new ArrayList<>(
                List.of("--register-port=" + registerPort, "--message-port=" + messagePort, "--id=alice", "hi"));
        arguments.addAll(List.of(options));
        return Main.commandLine(
                        InputStream.nullInputStream(),
                        OutputStream.nullOutputStream(),
                        err,
                        name -> name.equals("sun.jnu.encoding") ? "UTF-8" : null,
                        name -> null,
                        stream -> false)
                .execute(arguments.toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ca", "good"})
    void whoTrustsTheAuthorityOrTheServersOwnCertificateSends(String trusted) throws Exception {
        try (CountersignServer server = server()) {
            int exitCode = send(
                    server.registerPort(), server.messagePort(), "--trust=" + file(trusted, "crt"), "--host=127.0.0.1");

            assertEquals(0, exitCode, err::toString);
        }
        assertEquals(List.of("hi"), RealServer.messagesOf(home.resolve("logs/messages.jsonl"), "alice"));
    }

    @Test
    void theLibrarySendsLikewise() throws Exception {
        try (CountersignServer server = server();
                CountersignClient client = CountersignClient.builder()
                        .registerPort(server.registerPort())
                        .messagePort(server.messagePort())
                        .trust(file("ca", "crt"))
                        .build()) {
            assertEquals("1", client.send(client.register("alice"), "hi").value());
        }
    }

    @Test
    void anAuthorityThatNobodyNamedIsRefusedInOneLineAndNothingIsSent() throws Exception {
        try (CountersignServer server = server()) {
            int exitCode = send(server.registerPort(), server.messagePort(), "--tls");

            assertUnreachable(exitCode, "no trusted authority has signed it (--trust names others)");
        }
    }

    @Test
    void aPortThatSpeaksPlainTextIsRefusedInOneLineAndNothingIsSent() throws Exception {
        try (CountersignServer server = server(new TlsSettings("", "", "", ""))) {
            int exitCode = send(server.registerPort(), server.messagePort(), "--tls");

            assertUnreachable(exitCode, "no TLS with the server: ");
        }
    }

    /** Such a certificate keeps Countersign from starting, so another server shows it. */
    @ParameterizedTest
    @CsvSource({
        "another, ca, No subject alternative DNS name matching localhost found",
        "expired, ca, it has expired",
        "expired, expired, it has expired"
    })
    void anothersOrAnExpiredCertificateIsRefusedInOneLineAndNothingIsSent(String shown, String trusted, String reason)
            throws Exception {
        try (SSLServerSocket listener = listener(shown)) {
            List<Integer> received = new ArrayList<>();
            Thread serving = new Thread(() -> {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                    received.add(socket.getInputStream().read());
                } catch (IOException e) {
                    // the client refuses the certificate
                }
            });
            serving.start();

            int exitCode = send(listener.getLocalPort(), listener.getLocalPort(), "--trust=" + file(trusted, "crt"));

            assertUnreachable(exitCode, reason);
            serving.join();
            received.removeIf(next -> next < 0);
            assertEquals(List.of(), received);
        }
    }

    private void assertUnreachable(int exitCode, String reason) {
        String complaint = err.toString(UTF_8);
        assertEquals(3, exitCode, complaint);
        assertTrue(complaint.startsWith("unreachable, nothing was sent: ") && complaint.contains(reason), complaint);
        assertEquals(1, complaint.lines().count(), complaint);
    }

    private static SSLServerSocket listener(String name) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(name, store().getKey(name, PASSWORD), PASSWORD, store().getCertificateChain(name));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"none.crt", "good.key", "all.p12"})
    void aFileThatCanNotBeTrustedIsNamed(String name) {
        assertEquals(2, send(1, 1, "--trust=" + made.resolve(name)));
        assertTrue(err.toString(UTF_8).startsWith("trust: can't use " + made.resolve(name) + ": "), err::toString);

        CountersignClientBuilder builder = CountersignClient.builder().trust(made.resolve(name));
        assertThrows(IllegalArgumentException.class, builder::build);
    }
}
