package dev.countersign.web;

import jakarta.servlet.http.HttpServlet;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * A port, and what is served there.
 *
 * @param name of its connector; {@code --NAME-port} is the option that sets the port
 * @param host address to listen on; empty for all of this machine's
 * @param port 0 for any that is free
 * @param certificate for TLS; without one it speaks plain text
 * @param servlets by their path; any other path is a 404
 * @param isOperators whether it is for the operator, as {@link OperatorConnectors} says, and no client is told of it
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

    public Listener(String name, String host, int port, Map<String, HttpServlet> servlets) {
        this(name, host, port, Optional.empty(), servlets, false);
    }

    static Listener ofOperator(int port, Map<String, HttpServlet> servlets) {
        return new Listener("operator", "127.0.0.1", port, Optional.empty(), servlets, true);
    }

    /**
     * Where this machine reaches the path of its name, or the root where it has no such path.
     *
     * @param openPort the port that it has got
     */
    URI url(int openPort) {
        String shownHost = host.isEmpty() ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        String path = servlets.containsKey("/" + name) ? "/" + name : "/";
        return URI.create((certificate.isPresent() ? "https://" : "http://") + shownHost + ":" + openPort + path);
    }
}
