package dev.countersign.web.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** {@code GET /health}: whether the server can take work. */
public final class HealthServlet extends HttpServlet {

    public static final String PATH = "/health";
    static final byte[] DOWN = "{\"status\":\"DOWN\"}".getBytes(US_ASCII);

    private static final long serialVersionUID = 1;
    private static final byte[] UP = "{\"status\":\"UP\"}".getBytes(US_ASCII);

    private final transient BooleanSupplier healthy;

    public HealthServlet(BooleanSupplier healthy) {
        this.healthy = healthy;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
            response.setHeader("Allow", "GET, HEAD");
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        boolean up = healthy.getAsBoolean();
        response.setStatus(up ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        response.setHeader("Cache-Control", "no-store");
        response.setContentType("application/json");
        response.getOutputStream().write(up ? UP : DOWN);
    }
}
