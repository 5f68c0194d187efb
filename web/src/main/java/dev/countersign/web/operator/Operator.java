package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Erased;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.LogFigures;
import dev.countersign.core.Registrations;
import dev.countersign.core.Registry;
import dev.countersign.core.store.Store;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;

/** What the operator can ask and tell the running server. Safe for use by many threads. */
public final class Operator {

    private static final Logger log = LoggerFactory.getLogger(Operator.class);
    private static final String OURS = "dev.countersign";
    private static final Set<String> LEVELS = Set.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");
    private static final int IDS_A_PAGE = 1_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    public static final Duration SAMPLE_PAUSE = Duration.ofSeconds(History.SAMPLE_SECONDS);

    private final Store store;
    private final String version;
    private final Http http;
    private final Instant since = Instant.now();
    private final History history = new History();
    private final Page page = Page.load();
    private Optional<Metrics> metrics = Optional.empty();

    /**
     * What the web server tells, by names of ports; asked for once it has started.
     *
     * @param answers by status, and the kind of refusal behind it
     */
    public record Http(
            Supplier<Map<String, URI>> addresses,
            Supplier<Map<String, Map<String, Long>>> answers,
            Supplier<Map<String, Integer>> connections,
            ThreadPool threads) {}

    public Operator(Store store, String version, Http http) {
        this.store = store;
        this.version = version;
        this.http = http;
    }

    /** To be called at the start, and each {@link #SAMPLE_PAUSE}. */
    public void sample() {
        history.add(Instant.now(), store.messageLog().figures());
    }

    /** The servlets by their paths, for the socket that the owner of the home alone can open. */
    public Map<String, HttpServlet> onSocket() {
        Map<String, HttpServlet> servlets = new HashMap<>(onPort());
        servlets.put("/messages", OperatorServlet.get(new MessagesAfter(store)));
        servlets.put("/ids", OperatorServlet.get(this::ids));
        servlets.put("/revoke", OperatorServlet.post(this::revoke));
        servlets.put("/rotate", OperatorServlet.post(this::rotate));
        servlets.put("/register", OperatorServlet.post(this::register));
        servlets.put("/erase", OperatorServlet.post(this::erase));
        servlets.put("/log-level", OperatorServlet.post(Operator::setLogLevel));
        return servlets;
    }

    /** Those that every user of the machine may ask: they change nothing, and show no message. */
    public Map<String, HttpServlet> onPort() {
        return Map.of(
                "/live", OperatorServlet.get((request, response) -> health(response, Optional.empty())),
                "/ready", OperatorServlet.get((request, response) -> health(response, store.trouble())),
                "/status",
                        OperatorServlet.get(
                                (request, response) -> json(response, status(request.getParameter("history") != null))),
                "/metrics", OperatorServlet.get((request, response) -> write(response, Metrics.MEDIA_TYPE, scrape())),
                "", OperatorServlet.get((request, response) -> page.write(response)));
    }

    private synchronized String scrape() {
        Metrics made = metrics.orElseGet(() -> new Metrics(store, http));
        metrics = Optional.of(made);
        return made.scrape();
    }

    private static void health(HttpServletResponse response, Optional<String> trouble) throws IOException {
        response.setStatus(trouble.isEmpty() ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        json(response, JsonText.object(json -> writeHealth(json, trouble)));
    }

    private static void writeHealth(JsonGenerator json, Optional<String> trouble) {
        json.writeStringProperty("status", trouble.isEmpty() ? "UP" : "DOWN");
        trouble.ifPresent(reason -> json.writeStringProperty("reason", reason));
    }

    private String status(boolean withHistory) {
        LogFigures figures = store.messageLog().figures();
        return JsonText.object(json -> {
            writeHealth(json, store.trouble());
            json.writeStringProperty("version", version);
            json.writeStringProperty("since", since.toString());
            json.writeNumberProperty("process", ProcessHandle.current().pid());
            json.writeStringProperty("promise", store.facts().get("promise"));
            json.writeObjectPropertyStart("addresses");
            http.addresses().get().forEach((name, url) -> json.writeStringProperty(name, url.toString()));
            json.writeEndObject();
            json.writeNumberProperty("messagesSinceStart", figures.messages());
            figures.files().ifPresent(files -> {
                json.writeStringProperty("lastReceipt", Long.toString(files.lastReceipt()));
                json.writeObjectPropertyStart("log");
                json.writeNumberProperty("bytes", files.bytes());
                json.writeNumberProperty("files", files.count());
                json.writeNumberProperty("rolls", files.rolls());
                json.writeNumberProperty("freeDiskBytes", files.freeBytes());
                json.writeNumberProperty("bytesAnHourToday", history.bytesAnHourToday());
                json.writeEndObject();
            });
            json.writeNumberProperty("rememberedKeys", figures.rememberedKeys());
            writeQueue(json, "messages", figures.commits());
            writeQueue(json, "registrations", store.registry().figures());
            json.writeObjectPropertyStart("answers");
            http.answers().get().forEach((port, counts) -> writeCounts(json, port, counts));
            json.writeEndObject();
            if (withHistory) {
                json.writeNumberProperty("now", System.currentTimeMillis());
                history.write(json);
            }
        });
    }

    private static void writeCounts(JsonGenerator json, String port, Map<String, Long> counts) {
        json.writeObjectPropertyStart(port);
        counts.forEach((kind, count) -> {
            if (count > 0) {
                json.writeNumberProperty(kind, count);
            }
        });
        json.writeEndObject();
    }

    private static void writeQueue(JsonGenerator json, String name, GroupCommit.Figures figures) {
        json.writeObjectPropertyStart(name);
        json.writeNumberProperty("queued", figures.queued());
        json.writeNumberProperty("queuedBytes", figures.queuedBytes());
        figures.lastCommit().ifPresent(time -> json.writeStringProperty("lastFlush", time.toString()));
        json.writeEndObject();
    }

    /** A line an id, those that follow the one that is named, a page of them at most; none after the last. */
    private void ids(HttpServletRequest request, HttpServletResponse response) throws IOException {
        StringBuilder lines = new StringBuilder();
        String after = Optional.ofNullable(request.getParameter("after")).orElse("");
        for (Registrations.Stored each : store.registry().list(after, IDS_A_PAGE)) {
            Optional<Registry.Use> use = store.registry().use(each.id());
            lines.append(JsonText.object(json -> {
                json.writeStringProperty("id", each.id().value());
                json.writeStringProperty("state", each.revoked().isPresent() ? "revoked" : "active");
                each.registered().ifPresent(time -> json.writeStringProperty("registered", time.toString()));
                each.revoked().ifPresent(time -> json.writeStringProperty("revoked", time.toString()));
                use.ifPresent(counted -> {
                    json.writeStringProperty("lastRequest", counted.last().toString());
                    json.writeNumberProperty("accepted", counted.accepted());
                    json.writeNumberProperty("refused", counted.refused());
                });
            }));
        }
        write(response, "application/jsonl", lines.toString());
    }

    private void revoke(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        if (!await(store.registry().revoke(id))) {
            throw new RefusedException(404, "the id " + id + " is not registered, or revoked already");
        }
        log.info("the id {} was revoked by the user {}", id, user(request));
        json(response, JsonText.object(json -> json.writeStringProperty("id", id.value())));
    }

    private void rotate(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        Code code = await(store.registry().replace(id))
                .orElseThrow(() -> new RefusedException(404, "the id " + id + " is not registered, or revoked"));
        log.info("the id {} got a new code by the user {}", id, user(request));
        code(response, id, code);
    }

    private void register(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        Code code = await(store.registry().register(id))
                .orElseThrow(() -> new RefusedException(409, "the id " + id + " is registered already"));
        log.info("the id {} was registered by the user {}", id, user(request));
        code(response, id, code);
    }

    private void erase(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        String user = user(request);
        log.info("erasing the messages of the id {} for the user {}", id, user);
        CompletableFuture<Erased> erasing = store.messageLog().erase(id).toCompletableFuture();
        while (!erasing.isDone()) { // for as long as it takes to read the log
            if (!MessagesAfter.server(request).isRunning()) {
                throw new RefusedException(503, "the server stops; erase again when it runs");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        Erased erased = await(erasing);
        log.info(
                "erased {} messages of the id {} for the user {}; unread: [{}]",
                erased.messages(),
                id,
                user,
                erased.left());
        json(response, JsonText.object(json -> {
            json.writeNumberProperty("messages", erased.messages());
            json.writeStringProperty("left", erased.left());
        }));
    }

    private static void setLogLevel(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String level = String.valueOf(request.getParameter("level")).toUpperCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            throw new RefusedException(400, "a level is error, warn, info, debug or trace");
        }
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(OURS)).setLevel(Level.valueOf(level));
        log.warn("the log's level was set to {} by the user {}", level, user(request));
        json(response, JsonText.object(json -> json.writeStringProperty("level", level)));
    }

    private static ClientId id(HttpServletRequest request) {
        return ClientId.parse(Optional.ofNullable(request.getParameter("id")).orElse(""))
                .orElseThrow(() -> new RefusedException(400, "an id is 1 to 64 of A-Z a-z 0-9 . _ -"));
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            log.warn("the operator's command failed", e.getCause());
            throw new RefusedException(
                    503, "the server can't do it now: " + e.getCause().getMessage());
        }
    }

    /** The operating system's user at the socket's other end. */
    private static String user(HttpServletRequest request) throws IOException {
        Object transport = ServletContextRequest.getServletContextRequest(request)
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .getTransport();
        return transport instanceof SocketChannel channel
                        && channel.supportedOptions().contains(ExtendedSocketOptions.SO_PEERCRED)
                ? channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().getName()
                : "unknown";
    }

    private static void code(HttpServletResponse response, ClientId id, Code code) throws IOException {
        json(response, JsonText.object(json -> {
            json.writeStringProperty("id", id.value());
            json.writeStringProperty("code", code.value());
        }));
    }

    private static void json(HttpServletResponse response, String json) throws IOException {
        write(response, "application/json", json);
    }

    static void write(HttpServletResponse response, String mediaType, String text) throws IOException {
        response.setContentType(mediaType);
        response.getOutputStream().write(text.getBytes(UTF_8));
    }
}
