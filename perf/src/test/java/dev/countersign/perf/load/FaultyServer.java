package dev.countersign.perf.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Home;
import dev.countersign.core.Messages;
import dev.countersign.core.Sync;
import dev.countersign.core.store.Store;
import dev.countersign.perf.TemporaryStore;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Registrations and messages are kept as the real server does, but for one fault, which the thresholds must see. */
public final class FaultyServer {

    enum Fault {
        /** One message in ten is answered with 201 and never written. */
        FORGETS,
        /** Any code will do. */
        TAKES_WRONG_CODES
    }

    private FaultyServer() {}

    /** As {@link ServerProcess#start} takes it. */
    static List<String> command(Fault fault) {
        List<String> command = JavaCommand.of(FaultyServer.class, List.of());
        command.add(fault.name());
        return command;
    }

    /** Takes the fault and {@code --home=FOLDER}, and no notice of the rest. */
    public static void main(String[] arguments) {
        Fault fault = Fault.valueOf(arguments[0]);
        Path home = Path.of(arguments[1].substring("--home=".length()));
        Store store = Store.open(Home.open(home), TemporaryStore.settings(Sync.OS), Runnable::run, Runnable::run);
        HttpServer server = new HttpServer(
                new ServerThreads(),
                Limits.defaults(),
                List.of(
                        new Listener(
                                "register",
                                "127.0.0.1",
                                0,
                                Optional.empty(),
                                Map.of("/register", new Register(store)),
                                false),
                        new Listener(
                                "message",
                                "127.0.0.1",
                                0,
                                Optional.empty(),
                                Map.of("/message", new Send(store, fault)),
                                false)));
        server.start();
        System.out.println("http://127.0.0.1:" + server.port("register") + "/register");
        System.out.println("http://127.0.0.1:" + server.port("message") + "/message");
    }

    private abstract static class Json extends HttpServlet {

        private static final long serialVersionUID = 1;

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
            byte[] body = request.getInputStream().readAllBytes();
            Map<String, String> answer =
                    answer(JsonParser.parseString(new String(body, UTF_8)).getAsJsonObject());
            response.setStatus(answer.containsKey("type") ? 403 : 201);
            response.getOutputStream().write(new Gson().toJson(answer).getBytes(UTF_8));
        }

        abstract Map<String, String> answer(JsonObject request);
    }

    private static final class Register extends Json {

        private static final long serialVersionUID = 1;
        private final transient Store store;

        Register(Store store) {
            this.store = store;
        }

        @Override
        Map<String, String> answer(JsonObject request) {
            String id = request.get("id").getAsString();
            Code code = store.registry()
                    .register(new ClientId(id))
                    .toCompletableFuture()
                    .join()
                    .orElseThrow();
            return Map.of("id", id, "code", code.value());
        }
    }

    private static final class Send extends Json {

        private static final long serialVersionUID = 1;
        private final transient Store store;
        private final Fault fault;
        private final AtomicLong messages = new AtomicLong();

        Send(Store store, Fault fault) {
            this.store = store;
            this.fault = fault;
        }

        @Override
        Map<String, String> answer(JsonObject request) {
            ClientId id = new ClientId(request.get("id").getAsString());
            Code code = new Code(request.get("code").getAsString());
            if (fault != Fault.TAKES_WRONG_CODES
                    && !store.registry().accepts(id, code).toCompletableFuture().join()) {
                return Map.of("type", "urn:countersign:problem:wrong-code");
            }
            if (fault == Fault.FORGETS && messages.incrementAndGet() % 10 == 0) {
                return Map.of("receipt", "9" + messages, "time", "2026-11-22T19:26:55.071Z");
            }
            Appended appended = store.messageLog()
                    .append(Messages.of(id, request.get("message").getAsString()))
                    .toCompletableFuture()
                    .join();
            Appended.Logged logged = (Appended.Logged) appended;
            return Map.of(
                    "receipt", logged.receipts().get(0), "time", logged.time().toString());
        }
    }
}
