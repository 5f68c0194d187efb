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
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import jdk.net.ExtendedSocketOptions;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.ThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private final Semaphore erasing = new Semaphore(1);
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
        servlets.put("/messages", new OperatorServlet("GET", new MessagesAfter(store)));
        servlets.put("/ids", new OperatorServlet("GET", this::ids));
        servlets.put("/revoke", new OperatorServlet("POST", this::revoke));
        servlets.put("/rotate", new OperatorServlet("POST", this::rotate));
        servlets.put("/register", new OperatorServlet("POST", this::register));
        servlets.put("/erase", new OperatorServlet("POST", this::erase));
        servlets.put("/log-level", new OperatorServlet("POST", Operator::setLogLevel));
        return servlets;
    }

    /** Those that every user of the machine may ask: they change nothing, and show no message. */
    public Map<String, HttpServlet> onPort() {
        return Map.of(
                "/live", new OperatorServlet("GET", (request, response) -> health(response, Optional.empty())),
                "/ready", new OperatorServlet("GET", (request, response) -> health(response, store.trouble())),
                "/status", new OperatorServlet("GET", this::status),
                "/metrics", new OperatorServlet("GET", this::metrics),
                "", new OperatorServlet("GET", new Page()));
    }

    private synchronized byte[] metrics(HttpServletRequest request, HttpServletResponse response) {
        Metrics made = metrics.orElseGet(() -> new Metrics(store, http));
        metrics = Optional.of(made);
        response.setContentType(Metrics.MEDIA_TYPE);
        return made.scrape().getBytes(UTF_8);
    }

    private static Map<String, Object> health(HttpServletResponse response, Optional<String> trouble) {
        response.setStatus(trouble.isEmpty() ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        return health(trouble);
    }

    private static Map<String, Object> health(Optional<String> trouble) {
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("status", trouble.isEmpty() ? "UP" : "DOWN");
        trouble.ifPresent(reason -> health.put("reason", reason));
        return health;
    }

    private record LogState(long bytes, int files, long rolls, long freeDiskBytes, long bytesAnHourToday) {}

    private record Queue(int queued, long queuedBytes, Optional<Instant> lastFlush) {

        static Queue of(GroupCommit.Figures figures) {
            return new Queue(figures.queued(), figures.queuedBytes(), figures.lastCommit());
        }
    }

    private Map<String, Object> status(HttpServletRequest request, HttpServletResponse response) {
        LogFigures figures = store.messageLog().figures();
        Map<String, Map<String, Long>> answers = http.answers().get();
        answers.values().forEach(counts -> counts.values().removeIf(count -> count == 0));
        Map<String, Object> status = health(store.trouble());
        status.put("version", version);
        status.put("since", since);
        status.put("process", ProcessHandle.current().pid());
        status.put("promise", store.facts().get("promise"));
        status.put("addresses", http.addresses().get());
        status.put("messagesSinceStart", figures.messages());
        figures.files().ifPresent(files -> {
            status.put("lastReceipt", Long.toString(files.lastReceipt()));
            status.put(
                    "log",
                    new LogState(
                            files.bytes(),
                            files.count(),
                            files.rolls(),
                            files.freeBytes(),
                            history.bytesAnHourToday()));
        });
        status.put("rememberedKeys", figures.rememberedKeys());
        status.put("messages", Queue.of(figures.commits()));
        status.put("registrations", Queue.of(store.registrations().figures()));
        status.put("answers", answers);
        if (request.getParameter("history") != null) {
            status.put("now", System.currentTimeMillis());
            status.put("history", history.samples());
        }
        return status;
    }

    private record Client(
            String id,
            String state,
            Optional<Instant> registered,
            Optional<Instant> revoked,
            Optional<Instant> lastRequest,
            Optional<Integer> accepted,
            Optional<Integer> refused) {}

    /** A line for each id after the named one, in pages; the page after the last id is empty. */
    private byte[] ids(HttpServletRequest request, HttpServletResponse response) throws IOException {
        StringBuilder lines = new StringBuilder();
        String after = Optional.ofNullable(request.getParameter("after")).orElse("");
        for (Registrations.Stored each : store.registrations().list(after, IDS_A_PAGE)) {
            Optional<Registry.Use> use = store.registry().use(each.id());
            lines.append(JsonText.of(new Client(
                    each.id().value(),
                    each.revoked().isPresent() ? "revoked" : "active",
                    each.registered(),
                    each.revoked(),
                    use.map(Registry.Use::last),
                    use.map(Registry.Use::accepted),
                    use.map(Registry.Use::refused))));
        }
        response.setContentType("application/jsonl");
        return lines.toString().getBytes(UTF_8);
    }

    private Object revoke(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        if (!store.registry().revoke(id).toCompletableFuture().join()) {
            throw new OperatorException(404, "the id " + id + " is not registered, or revoked already");
        }
        log.info("the id {} was revoked by the user {}", id, user(request));
        return Map.of("id", id.value());
    }

    private Object rotate(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        Code code = store.registry()
                .replace(id)
                .toCompletableFuture()
                .join()
                .orElseThrow(() -> new OperatorException(404, "the id " + id + " is not registered, or revoked"));
        log.info("the id {} got a new code by the user {}", id, user(request));
        return Map.of("id", id.value(), "code", code.value());
    }

    private Object register(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        Code code = store.registry()
                .register(id)
                .toCompletableFuture()
                .join()
                .orElseThrow(() -> new OperatorException(409, "the id " + id + " is registered already"));
        log.info("the id {} was registered by the user {}", id, user(request));
        return Map.of("id", id.value(), "code", code.value());
    }

    private Erased erase(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClientId id = id(request);
        if (!erasing.tryAcquire()) { // many that wait would take the threads that answer /live and /ready
            throw new OperatorException(503, "an erasure is under way; try again when it has ended");
        }
        try {
            return erase(id, user(request), MessagesAfter.server(request));
        } finally {
            erasing.release();
        }
    }

    private Erased erase(ClientId id, String user, Server server) {
        log.info("erasing the messages of the id {} for the user {}", id, user);
        CompletableFuture<Erased> erasure = store.messageLog().erase(id).toCompletableFuture();
        while (!erasure.isDone()) { // for as long as it takes to read the log
            if (!server.isRunning()) {
                throw new OperatorException(503, "the server stops; erase again when it runs");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        Erased erased = erasure.join();
        log.info(
                "erased {} messages of the id {} for the user {}; unread: [{}]",
                erased.messages(),
                id,
                user,
                erased.left());
        return erased;
    }

    private static Object setLogLevel(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String level = String.valueOf(request.getParameter("level")).toUpperCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            throw new OperatorException(400, "a level is error, warn, info, debug or trace");
        }
        ((ch.qos.logback.classic.Logger) LoggerFactory.getLogger(OURS)).setLevel(Level.valueOf(level));
        log.warn("the log's level was set to {} by the user {}", level, user(request));
        return Map.of("level", level);
    }

    private static ClientId id(HttpServletRequest request) {
        return ClientId.parse(Optional.ofNullable(request.getParameter("id")).orElse(""))
                .orElseThrow(() -> new OperatorException(400, "an id is 1 to 64 of A-Z a-z 0-9 . _ -"));
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
}
