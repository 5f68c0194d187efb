package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import dev.countersign.web.tls.ServerCertificate;
import dev.countersign.web.tls.TlsSettings;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the server is measured against: the server's own Jetty, with the same two ports, and behind each a servlet that
 * reads the body and answers a fixed 201, as long as the real one and of the same headers. It keeps nothing, so no
 * service on this Jetty can answer sooner. It has as many threads as Jetty likes: with the server's few it is slower.
 */
public final class EmptyServlet {
    private static final String REGISTERED =
            "{\"id\":\"00000000-0000-4000-8000-000000000000\",\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAA\"}";
    private static final String LOGGED = "{\"receipt\":\"1000000\",\"time\":\"2026-11-22T19:26:55.071204Z\"}";

    private EmptyServlet() {}

    /**
     * Listens on free ports of the loopback address until the process is ended.
     *
     * @param options as the server has them, so that it can be started likewise; only those of a keystore count
     */
    public static void main(String... options) {
        Optional<ServerCertificate> certificate = ServerCertificate.of(new TlsSettings(
                "", "", value("--tls-keystore=", options), value("--tls-keystore-password-file=", options)));
        HttpServer server = new HttpServer(
                new ServerThreads(),
                Limits.defaults(),
                List.of(
                        listener("register", certificate, new FixedAnswer(REGISTERED, true)),
                        listener("message", certificate, new FixedAnswer(LOGGED, false))));
        server.start();
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        server.addresses().values().forEach(System.out::println);
    }

    private static String value(String option, String... options) {
        return Stream.of(options)
                .filter(each -> each.startsWith(option))
                .map(each -> each.substring(option.length()))
                .findFirst()
                .orElse("");
    }

    private static Listener listener(String name, Optional<ServerCertificate> certificate, HttpServlet servlet) {
        return new Listener(name, "127.0.0.1", 0, certificate, Map.of("/" + name, servlet), false);
    }

    private static final class FixedAnswer extends HttpServlet {
        private static final long serialVersionUID = 1;

        private final byte[] answer;
        private final boolean secret;

        FixedAnswer(String answer, boolean secret) {
            this.answer = answer.getBytes(UTF_8);
            this.secret = secret;
        }

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            request.getInputStream().readNBytes(new byte[request.getContentLength()], 0, request.getContentLength());
            response.setStatus(HttpServletResponse.SC_CREATED);
            response.setContentType("application/json");
            if (secret) {
                response.setHeader("Cache-Control", "no-store");
            }
            response.getOutputStream().write(answer);
        }
    }
}
