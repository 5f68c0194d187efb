package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.core.StoreSettings;
import dev.countersign.web.http.Limits;
import dev.countersign.web.intake.QuotaSettings;
import dev.countersign.web.tls.TlsSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.http.HttpParser;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server with a certificate of its own. Its other tests run over TLS, too, with {@code -Dtests.tls=true}. */
final class TlsTest {

    private static final byte[] HEALTH = Connection.request("GET /health");

    @TempDir
    private static Path made;

    @TempDir
    private Path home;

    private static Certificates certificates;

    private final Warnings warnings = new Warnings(HttpParser.class.getName());

    /** Those that a test's server reads, which the test may replace. */
    private Path certificate;

    private Path key;

    @BeforeAll
    static void makeCertificates() throws IOException, GeneralSecurityException {
        certificates = new Certificates(made)
                .make("first")
                .make("second", "-keyalg", "RSA")
                .make("expired", "-keyalg", "EC", "-startdate", "-2d", "-validity", "1");
    }

    @BeforeEach
    void install() throws IOException {
        certificate = home.resolve("fullchain.pem");
        key = home.resolve("privkey.pem");
        install("first");
    }

    @AfterEach
    void endOfLog() {
        warnings.close();
    }

    private void install(String name) throws IOException {
        replace(key, certificates.key(name));
        replace(certificate, certificates.certificate(name));
    }

    private static void replace(Path file, String source) throws IOException {
        Path copy = Files.copy(Path.of(source), file.resolveSibling("copy"));
        Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private CountersignServer start() {
        return start(new TlsSettings(certificate.toString(), key.toString(), "", ""), Limits.defaults());
    }

    private CountersignServer start(TlsSettings tls, Limits limits) {
        return CountersignServer.start(
                Home.open(home),
                new Settings(
                        new HttpSettings("127.0.0.1", 0, 0, HttpSettings.OFF, false, tls, QuotaSettings.none(), limits),
                        StoreSettings.defaults()));
    }

    private static SSLSocket connect(int port, SSLContext trust) throws IOException {
        SSLSocket socket = (SSLSocket) trust.getSocketFactory().createSocket("127.0.0.1", port);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static X509Certificate shownAt(int port, SSLContext trust) throws IOException {
        try (SSLSocket socket = connect(port, trust)) {
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private static String ask(Socket socket) throws IOException {
        socket.getOutputStream().write(HEALTH);
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        while (!answer.toString(UTF_8).endsWith("{\"status\":\"UP\"}")) {
            int next = in.read();
            assertTrue(next >= 0, answer::toString);
            answer.write(next);
        }
        return answer.toString(UTF_8);
    }

    private boolean isWarnedOf(String what) {
        return warnings.list().stream().anyMatch(warning -> warning.contains(what));
    }

    private static void until(Callable<Boolean> come) throws Exception {
        Instant end = Instant.now().plusSeconds(20);
        while (!come.call()) {
            assertTrue(Instant.now().isBefore(end), "it did not come");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void bothPortsSpeakIt(String protocol) throws Exception {
        SSLContext trust = certificates.trusting("first");
        try (CountersignServer server = start()) {
            for (int port : List.of(server.registerPort(), server.messagePort())) {
                try (SSLSocket socket = connect(port, trust)) {
                    socket.setEnabledProtocols(new String[] {protocol});
                    assertTrue(ask(socket).startsWith("HTTP/1.1 200 "));
                    assertEquals(protocol, socket.getSession().getProtocol());
                }
            }
            try (TlsTunnel register = new TlsTunnel(server.registerPort(), trust);
                    TlsTunnel message = new TlsTunnel(server.messagePort(), trust)) {
                Service service = new Service(register.port(), message.port());
                assertEquals(
                        201,
                        service.send("alice", service.register("alice"), "hi").status());
            }
        }
        assertEquals(
                List.of("hi"),
                LoggedMessage.readAll(home).stream().map(LoggedMessage::message).toList());
    }

    @Test
    void aKeystoreAndItsPasswordsFileDoAsWell() throws Exception {
        Path password = Files.writeString(home.resolve("password"), Certificates.PASSWORD + "\n");
        TlsSettings tls = new TlsSettings("", "", certificates.keystore("second"), password.toString());
        try (CountersignServer server = start(tls, Limits.defaults());
                SSLSocket socket = connect(server.registerPort(), certificates.trusting("second"))) {
            assertTrue(ask(socket).startsWith("HTTP/1.1 200 "));
        }
    }

    @Test
    void theGreetingSaysHttpsAndThePasswordMayStandInTheEnvironment() throws Exception {
        ProcessBuilder command = new ProcessBuilder(ServerProcess.command(
                "--home=" + home,
                "--host=127.0.0.1",
                "--register-port=0",
                "--message-port=0",
                "--tls-keystore=" + certificates.keystore("first")));
        command.environment().put("COUNTERSIGN_TLS_KEYSTORE_PASSWORD", Certificates.PASSWORD);
        try (ServerProcess server = ServerProcess.start(command)) {
            assertTrue(
                    server.greeting()
                            .contains("https://127.0.0.1:" + server.service().registerPort() + "/register"),
                    server.greeting());
        }
    }

    /** The forms in which OpenSSL, acme.sh and CAs give keys. */
    @ParameterizedTest
    @CsvSource({
        "genrsa -traditional",
        "ecparam -name prime256v1 -genkey",
        "ecparam -name secp384r1 -genkey",
        "genpkey -algorithm RSA",
        "genpkey -algorithm ed25519"
    })
    void keysAsOpenSslMakesThem(String openSsl) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "openssl is not installed");
        Certificates.run(List.of(("openssl " + openSsl + " -out " + key).split(" ")));
        Certificates.run(
                List.of(("openssl req -x509 -subj /CN=x -days 2 -key " + key + " -out " + certificate).split(" ")));
        try (CountersignServer server = start()) {
            List<String> client = List.of(
                    "openssl",
                    "s_client",
                    "-connect",
                    "127.0.0.1:" + server.messagePort(),
                    "-CAfile",
                    certificate.toString(),
                    "-verify_return_error");
            Process process =
                    new ProcessBuilder(client).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertTrue(output.contains("Verify return code: 0 (ok)"), output);
        }
    }

    @Test
    void curlVerifiesIt() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "curl is not installed");
        try (CountersignServer server = start()) {
            Certificates.run(List.of(
                    "curl",
                    "-sSf",
                    "--cacert",
                    certificates.certificate("first"),
                    "-d",
                    "{\"id\":\"alice\"}",
                    "-H",
                    "Content-Type: application/json",
                    "https://localhost:" + server.registerPort() + "/register"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "FIRST.crt   |                |         |             | --tls-certificate and --tls-key need each other",
                "FIRST.crt   | FIRST.key      | F.p12   |             | --tls-keystore replaces --tls-certificate",
                "none.crt    | FIRST.key      |         |             | --tls-certificate: none.crt: no such file",
                "FIRST.crt   | none.key       |         |             | --tls-key: none.key: no such file",
                "FIRST.key   | FIRST.key      |         |             | --tls-certificate: FIRST.key: no certificate",
                "FIRST.crt   | FIRST.crt      |         |             | --tls-key: FIRST.crt: no private key",
                "FIRST.crt   | SECOND.key     |         |             | --tls-key: SECOND.key: another key than",
                "SECOND.crt  | EXPIRED.key    |         |             | --tls-key: EXPIRED.key: another key than",
                "FIRST.crt   | EXPIRED.key    |         |             | --tls-key: EXPIRED.key: another key than",
                "EXPIRED.crt | EXPIRED.key    |         |             | --tls-certificate: EXPIRED.crt: not valid at this time",
                "GARBAGE     | FIRST.key      |         |             | --tls-certificate: GARBAGE: ",
                "FIRST.crt   | GARBAGE        |         |             | --tls-key: GARBAGE: ",
                "            |                | F.p12   |             | --tls-keystore needs a password",
                "            |                | F.p12   | FIRST.crt   | --tls-keystore: F.p12: IOException keystore password",
                "            |                | none    | FIRST.crt   | --tls-keystore: none: no such file",
                "            |                | F.p12   | none        | --tls-keystore-password-file: none: no such file",
                "            |                | GARBAGE | FIRST.crt   | --tls-keystore: GARBAGE: ",
            })
    void filesThatDoNotDoEndTheStartWithOptionAndFile(
            String certificateFile, String keyFile, String keystore, String password, String message)
            throws IOException {
        String base64 = "MIIB" + "A".repeat(60);
        Files.writeString(
                made.resolve("garbage"),
                "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"
                        + base64 + "\n-----END PRIVATE KEY-----\n");
        TlsSettings tls = new TlsSettings(file(certificateFile), file(keyFile), file(keystore), file(password));

        String refusal = assertThrows(StartupException.class, () -> start(tls, Limits.defaults()))
                .getMessage();

        String expected = List.of(message.split(" ")).stream()
                .map(word -> word.endsWith(":") && !word.startsWith("-") ? file(word.replace(":", "")) + ":" : word)
                .reduce((one, next) -> one + " " + next)
                .orElseThrow();
        assertTrue(refusal.startsWith(expected), refusal);
        assertFalse(refusal.contains("\n"), refusal);
    }

    private static String file(String name) {
        return name == null
                ? ""
                : made.resolve(name.toLowerCase(Locale.ROOT).replace("f.p12", "first.p12"))
                        .toString();
    }

    @Test
    void newFilesAreTakenWhileConnectionsGoOn() throws Exception {
        SSLContext trust = trustingBoth();
        try (CountersignServer server = start();
                SSLSocket before = connect(server.messagePort(), trust)) {
            ask(before);
            install("second");

            until(() -> shownAt(server.messagePort(), trust)
                    .getSubjectX500Principal()
                    .getName()
                    .equals("CN=second"));

            assertEquals(
                    "CN=second",
                    shownAt(server.registerPort(), trust)
                            .getSubjectX500Principal()
                            .getName());
            ask(before);
        }
        assertEquals(List.of(), warnings.list());
    }

    private static SSLContext trustingBoth() throws Exception {
        return certificates.trusting("first", "second");
    }

    @Test
    void filesThatDoNotDoAreWarnedOfOnceAndTheFormerCertificateStaysUntilOthersDo() throws Exception {
        SSLContext trust = trustingBoth();
        try (CountersignServer server = start()) {
            install("expired");
            until(() -> isWarnedOf("not valid at this time"));
            assertEquals(
                    "CN=first",
                    shownAt(server.messagePort(), trust)
                            .getSubjectX500Principal()
                            .getName());

            Files.delete(key);
            until(() -> isWarnedOf("no such file"));
            assertEquals(
                    "CN=first",
                    shownAt(server.messagePort(), trust)
                            .getSubjectX500Principal()
                            .getName());

            install("second");
            until(() -> shownAt(server.messagePort(), trust)
                    .getSubjectX500Principal()
                    .getName()
                    .equals("CN=second"));
        }
        assertEquals(2, warnings.list().size(), warnings.list()::toString);
    }

    @Test
    void plainTextToATlsPortAndTlsToAPlainPortAreClosedWithoutALineInTheLog() throws Exception {
        try (CountersignServer server = start();
                Connection plain = new Connection(server.messagePort())) {
            plain.send(HEALTH);
            plain.receiveToTheEnd();
        }
        try (CountersignServer server = start(TlsSettings.none(), Limits.defaults())) {
            assertThrows(SSLException.class, () -> {
                try (SSLSocket tls = connect(server.messagePort(), certificates.trusting("first"))) {
                    tls.startHandshake();
                }
            });
        }
        assertEquals(List.of(), warnings.list());
    }

    @Test
    void aHandshakeThatDribblesIsEndedWhenTheTimeForHeadersIsUp() throws Exception {
        Limits limits = new Limits(
                65_536, 1024 * 1024, 0, Duration.ofSeconds(1), Duration.ofSeconds(30), Duration.ofSeconds(3));
        byte[] hello = {22, 3, 1, 1, 0, 1, 0, 0, (byte) 0xfc, 3, 3};
        try (CountersignServer server = start(new TlsSettings(certificate.toString(), key.toString(), "", ""), limits);
                Socket slow = new Socket(InetAddress.getLoopbackAddress(), server.messagePort())) {
            Instant start = Instant.now();
            slow.setSoTimeout(100); // between two bytes
            InputStream in = slow.getInputStream();
            int next = 0;
            for (int i = 0; next != -1; i++) {
                assertTrue(Duration.between(start, Instant.now()).toSeconds() < 20, "still open");
                try {
                    slow.getOutputStream().write(i < hello.length ? hello[i] : 0);
                    next = in.read();
                } catch (SocketTimeoutException e) {
                    // the next byte is due
                } catch (IOException e) {
                    next = -1; // reset
                }
            }
        }
    }
}
