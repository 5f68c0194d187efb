package dev.countersign.web;

import jakarta.servlet.http.HttpServlet;
import java.net.URI;
import java.util.Map;

/**
 * A port, and what is served there.
 *
 * @param name of its connector; {@code --NAME-port} is the option that sets the port
 * @param host address to listen on; empty for all of this machine's
 * @param port 0 for any that is free
 * @param servlets by their path; any other path is a 404
 */
public record Listener(String name, String host, int port, Map<String, HttpServlet> servlets) {

    public Listener {
        servlets = Map.copyOf(servlets);
    }

    /** @param openPort the port that it has got */
    URI url(int openPort) {
        String shownHost = host.isEmpty() ? "localhost" : host.contains(":") ? "[" + host + "]" : host;
        return URI.create("http://" + shownHost + ":" + openPort);
    }
}
