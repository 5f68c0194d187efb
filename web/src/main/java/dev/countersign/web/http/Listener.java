package dev.countersign.web.http;

import dev.countersign.web.tls.ServerCertificate;
import jakarta.servlet.http.HttpServlet;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * A port and its servlets.
 *
 * @param name of its connector; the option {@code --NAME-port} sets the port
 * @param host address to listen on; empty for all addresses
 * @param port 0 for any free one
 * @param certificate for TLS; without one the port speaks plain HTTP
 * @param servlets by path; any other path is a 404
 * @param isOperators whether it is an operator's port, as in {@link OperatorConnectors}; clients are not told of it
 */
public record Listener(
        String name,
        String host,
        int port,
        Optional<ServerCertificate> certificate,
        Map<String, HttpServlet> servlets,
        boolean isOperators) {

    public Listener {
        servlets = Map.copyOf(servlets);
    }

    public static Listener ofOperator(int port, Map<String, HttpServlet> servlets) {
        return new Listener("operator", "127.0.0.1", port, Optional.empty(), servlets, true);
    }

    /**
     * The URL, on this machine, of the path with the listener's name, or of the root if there is no such path.
     *
     * @param openPort the actual port
     */
    URI url(int openPort) {
        String shownHost = host.isEmpty() ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        String path = servlets.containsKey("/" + name) ? "/" + name : "/";
        return URI.create((certificate.isPresent() ? "https://" : "http://") + shownHost + ":" + openPort + path);
    }
}
