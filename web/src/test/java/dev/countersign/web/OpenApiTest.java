package dev.countersign.web;

import static dev.countersign.web.OpenApi.HEALTH;
import static dev.countersign.web.OpenApi.HEALTH_WITHOUT_BODY;
import static dev.countersign.web.OpenApi.MESSAGE;
import static dev.countersign.web.OpenApi.OTHER_REQUESTS;
import static dev.countersign.web.OpenApi.REGISTER;
import static dev.countersign.web.OpenApi.ROTATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The running server and {@code openapi.yaml} say the same. */
final class OpenApiTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    private static OpenApi openApi;
    private static int ids;

    private final Set<String> answers = new TreeSet<>();
    private final Set<String> problemTypes = new TreeSet<>();

    @BeforeAll
    static void read() throws IOException {
        openApi = OpenApi.read();
    }

    @Test
    void everyAnswerGivenIsInTheFileAndEveryAnswerOfTheFileIsGiven(@TempDir Path ownHome) throws Exception {
        try (CountersignServer own = CountersignServer.start(
                Home.open(ownHome), RunningServer.settings("--body-timeout=1", "--queue-size=1"))) {
            askForWhatIsAlwaysThere(own);
            askForTooMuchAtOnce(own);
            askWhileItStops(own);
        }
        askForMoreThanAShare(ownHome);
        askAfterADefect();

        assertEquals(openApi.answers(), answers);
        assertEquals(openApi.problemTypes(), problemTypes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'id':'NEW'}",
                "{'id':'NEW.A-Z_a-z.0-9','code':'ignored','other':[null]}",
                "{'id':''}",
                "{'id':'a b'}",
                "{'id':'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+'}",
                "{'id':null}",
                "{'id':['NEW']}",
                "{'ID':'NEW'}",
                "['NEW']"
            })
    void theFileAndTheServerTakeTheSameRegistrations(String singleQuoted) throws IOException {
        String json = singleQuoted.replace('\'', '"').replace("NEW", "new-" + ++ids);

        Answer answer = server.service().postRegister(json);

        assertEquals(openApi.allowsRequest(REGISTER, json) ? 201 : 400, answer.status(), answer::text);
    }

    /** A tilde stands for a double quote. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0123456789abcdef",
                "~0123456789abcdef~",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "~0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef~",
                "!$%&'()*+,-./:;<=>?@[]^_`{|}#",
                "~0123456789abcde",
                "0123456~89abcdef",
                "",
                "~~",
                "0123456789abcde",
                "~0123456789abcde~",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+",
                "~0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+~",
                "0123456789 abcdef",
                "0123456789\tabcdef",
                "0123456789abcdef\u00e9"
            })
    void theFileAndTheServerTakeTheSameKeys(String tildes) throws IOException {
        String key = tildes.replace('~', '"');
        byte[] request = Connection.post("/register", "Idempotency-Key: " + key, Json.registration("new-" + ++ids));

        try (Connection connection = new Connection(server.registerPort())) {
            Answer answer = connection.exchange(request);

            assertEquals(
                    openApi.allowsHeader(REGISTER, "Idempotency-Key", key) ? 201 : 400, answer.status(), answer::text);
        }
    }

    /** A tilde stands for a double quote. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "k",
                "~k~",
                "~",
                "~~~",
                "~k",
                "k~",
                "!$%&'()*+,-./:;<=>?@[]^_`{|}#",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "~0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef~",
                "",
                "~~",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+",
                "~0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+~",
                "a b",
                "~ ~",
                "a\tb",
                "\u00e9"
            })
    void theFileAndTheServerTakeTheSameKeysOfMessages(String tildes) throws IOException {
        String key = tildes.replace('~', '"');
        String id = "new-" + ++ids;
        String json = Json.message(id, server.service().register(id), "hello");

        try (Connection connection = new Connection(server.messagePort())) {
            Answer answer = connection.exchange(Connection.post("/message", "Idempotency-Key: " + key, json));

            assertEquals(
                    openApi.allowsHeader(MESSAGE, "Idempotency-Key", key) ? 201 : 400, answer.status(), answer::text);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'id':'NEW','code':'CODE','messages':['one','']}",
                "{'id':'NEW','code':'CODE','messages':['one']}",
                "{'id':'NEW','code':'CODE','messages':[]}",
                "{'id':'NEW','code':'CODE','messages':['one',null]}",
                "{'id':'NEW','code':'CODE','messages':['one',['two']]}",
                "{'id':'NEW','code':'CODE','messages':'one'}",
                "{'id':'NEW','code':'CODE','message':'one','messages':['one']}",
                "{'id':'NEW','code':'CODE','message':null,'messages':['one']}",
                "{'id':'NEW','code':'CODE','message':'one','messages':null}",
                "{'id':'NEW','code':'CODE','message':'hello'}",
                "{'message':'','code':'CODE','id':'NEW','other':{}}",
                "{'id':'a b','code':'CODE','message':'hello'}",
                "{'id':'NEW','code':'CODE'}",
                "{'id':'NEW','code':'CODE','message':null}",
                "{'id':'NEW','code':'CODE','message':42}",
                "{'id':'NEW','code':false,'message':'hello'}",
                "{'code':'CODE','message':'hello'}",
                "'hello'"
            })
    void theFileAndTheServerTakeTheSameMessages(String singleQuoted) throws IOException {
        String id = "new-" + ++ids;
        String code = server.service().register(id);
        String json = singleQuoted.replace('\'', '"').replace("NEW", id).replace("CODE", code);

        Answer answer = server.service().postMessage(json);

        assertEquals(openApi.allowsRequest(MESSAGE, json) ? 201 : 400, answer.status(), answer::text);
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 1_001})
    void theFileAndTheServerTakeAsManyTexts(int count) throws IOException {
        String id = "new-" + ++ids;
        String json = Json.messages(id, server.service().register(id), Collections.nCopies(count, "x"));

        Answer answer = server.service().postMessage(json);

        assertEquals(openApi.allowsRequest(MESSAGE, json) ? 201 : 400, answer.status(), answer::text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"register", "message"})
    void theFilesServersAreThoseOfADefaultStart(String path) {
        String help = Main.commandLine().getUsageMessage().replaceAll("\\s+", " ");
        Matcher option =
                Pattern.compile("--" + path + "-port=PORT .*? Default: (\\d+)").matcher(help);

        assertTrue(option.find(), help);
        assertEquals(
                "http://localhost:" + option.group(1),
                openApi.at("/paths/~1" + path + "/servers/0/url").stringValue());
    }

    private void askForWhatIsAlwaysThere(CountersignServer own) throws IOException {
        Service service = Service.of(own);
        String code = service.register("alice");
        String[] bodies = {
            Json.registration("bob"), // 201, then 409
            Json.registration("bob"),
            Json.registration("not an id"),
            "{}",
            "x".repeat(65_537)
        };
        for (String body : bodies) {
            take(REGISTER, service.postRegister(body));
        }
        for (String body : List.of(
                Json.message("alice", code, "hello"),
                Json.message("alice", "guessed", "hello"),
                Json.messages("alice", code, List.of("one", "two")),
                Json.message("not an id", code, "hello"),
                "[]",
                "x".repeat(65_537))) {
            take(MESSAGE, service.postMessage(body));
        }
        for (String text : List.of("first", "first", "another")) { // 201, 200, 422
            takeKeyed(own.messagePort(), Json.message("alice", code, text), "a");
            takeKeyed(own.messagePort(), Json.messages("alice", code, List.of(text, text)), "b");
        }
        for (String body : List.of(
                Json.credentials("alice", "guessed"),
                Json.credentials("alice", code),
                Json.credentials("not an id", code),
                "x".repeat(65_537))) {
            take(ROTATE, Service.post(own.registerPort(), "/rotate", Connection.bytes(body)));
        }
        take(MESSAGE, own.messagePort(), "POST /message", "Content-Type: text/plain\r\nContent-Length: 2", "hi");
        String headers = "Content-Type: application/json\r\nContent-Length: 2";
        String encoded = headers + "\r\nContent-Encoding: gzip";
        take(REGISTER, own.registerPort(), "POST /register", encoded, "{}");
        take(MESSAGE, own.messagePort(), "POST /message", encoded, "{}");
        String tooLarge = "X: " + "x".repeat(10_000);
        take(REGISTER, own.registerPort(), "POST /register", "Content-Length: 2", "{}");
        take(REGISTER, own.registerPort(), "POST /register", headers, "{");
        take(REGISTER, own.registerPort(), "POST /register", tooLarge, "");
        take(ROTATE, own.registerPort(), "POST /rotate", encoded, "{}");
        take(ROTATE, own.registerPort(), "POST /rotate", tooLarge, "");
        take(MESSAGE, own.messagePort(), "POST /message", "Content-Length: 2", "{}");
        take(MESSAGE, own.messagePort(), "POST /message", headers, "{");
        take(MESSAGE, own.messagePort(), "POST /message", tooLarge, "");
        take(OTHER_REQUESTS, own.messagePort(), "POST /register", headers, "{}");
        take(OTHER_REQUESTS, own.registerPort(), "GET /register", "Accept: */*", "");
        take(OTHER_REQUESTS, own.registerPort(), "DELETE /health", "Accept: */*", "");
        take(OTHER_REQUESTS, own.registerPort(), "no HTTP", "Accept: */*", "");
        for (int port : new int[] {own.registerPort(), own.messagePort()}) {
            take(HEALTH, port, "GET /health", "Accept: */*", "");
            take(HEALTH, port, "GET /health", tooLarge, "");
            take(HEALTH, port, "GET /health", "Host: another", "");
            takeHead(port);
        }
    }

    /** The queue takes one; of so many at once one at least finds it full. */
    private void askForTooMuchAtOnce(CountersignServer own) throws IOException {
        String code = Service.of(own).register("crowd");
        List<byte[]> registrations = new ArrayList<>();
        List<byte[]> rotations = new ArrayList<>();
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            registrations.add(Connection.post("/register", Json.registration("crowd-" + i)));
            rotations.add(Connection.post("/rotate", Json.credentials("crowd", code)));
            messages.add(Connection.post("/message", Json.message("crowd", code, "me first")));
        }
        for (Answer answer : Burst.exchange(own.registerPort(), registrations)) {
            take(REGISTER, answer);
        }
        for (Answer answer : Burst.exchange(own.registerPort(), rotations)) {
            take(ROTATE, answer);
        }
        for (Answer answer : Burst.exchange(own.messagePort(), messages)) {
            take(MESSAGE, answer);
        }
    }

    /** In a second one POST is allowed, and registrations are closed. */
    private void askForMoreThanAShare(Path ownHome) throws IOException {
        Settings one = RunningServer.settings("--registrations=closed", "--rate-per-address=1", "--rate-burst=1");
        try (CountersignServer own = CountersignServer.start(Home.open(ownHome), one)) {
            takeUntilTooMany(REGISTER, own.registerPort(), "/register");
            takeUntilTooMany(ROTATE, own.registerPort(), "/rotate");
            takeUntilTooMany(MESSAGE, own.messagePort(), "/message");
        }
    }

    private void takeUntilTooMany(String operation, int port, String path) throws IOException {
        Answer answer;
        do {
            answer = Service.post(port, path, Connection.bytes("{}"));
            take(operation, answer);
        } while (answer.status() != 429);
    }

    private void askWhileItStops(CountersignServer own) throws IOException {
        String expect = "Expect: 100-continue"; // so that the client knows when its request is under way
        String registration = Json.registration("late");
        String credentials = Json.credentials("alice", "late");
        byte[] register = Connection.post("/register", registration);
        byte[] rotate = Connection.post("/rotate", credentials);
        byte[] message = Connection.post("/message", Json.message("alice", "late", "late"));
        byte[] health = Connection.request("GET /health");
        try (Connection onRegister = new Connection(own.registerPort());
                Connection onRotate = new Connection(own.registerPort());
                Connection onMessage = new Connection(own.messagePort());
                Connection onHealth = new Connection(own.messagePort());
                Connection onHealthToo = new Connection(own.messagePort());
                Connection rotating = new Connection(own.registerPort());
                Connection inFlight = new Connection(own.registerPort())) {
            for (Connection connection : List.of(onRegister, onRotate, onMessage, onHealth, onHealthToo)) {
                assertEquals(200, connection.exchange(health).status());
            }
            assertEquals(
                    100,
                    inFlight.exchange(headOf("/register", expect, registration)).status());
            assertEquals(
                    100,
                    rotating.exchange(headOf("/rotate", expect, credentials)).status());
            CompletableFuture<Void> stopping = CompletableFuture.runAsync(own::close);
            take(HEALTH, answerOtherThan200(onHealth, onHealthToo, health));
            take(REGISTER, onRegister.exchange(register));
            take(ROTATE, onRotate.exchange(rotate));
            take(MESSAGE, onMessage.exchange(message));
            take(REGISTER, inFlight.receive()); // its body does not come
            take(ROTATE, rotating.receive());
            stopping.join();
        }
    }

    private static byte[] headOf(String path, String header, String json) {
        byte[] whole = Connection.post(path, header, json);
        return Arrays.copyOf(whole, whole.length - json.length());
    }

    /** As it begins to stop, the server may close a connection after one more 200: then the other has the answer. */
    private static Answer answerOtherThan200(Connection first, Connection other, byte[] request) throws IOException {
        while (true) {
            try {
                Answer answer = first.exchange(request);
                if (answer.status() != 200) {
                    return answer;
                }
            } catch (IOException e) { // closed
                return other.exchange(request);
            }
        }
    }

    /** A servlet that throws stands for a defect of ours: there should be none to be had. */
    private void askAfterADefect() throws IOException {
        Map<String, HttpServlet> broken = Map.of(
                "/register", new Broken(), "/rotate", new Broken(), "/message", new Broken(), "/health", new Broken());
        try (HttpServer faulty = new HttpServer(
                new ServerThreads(),
                Limits.defaults(),
                List.of(new Listener("any", "127.0.0.1", 0, Optional.empty(), broken, false)))) {
            faulty.start();
            take(REGISTER, Service.post(faulty.port("any"), "/register", new byte[0]));
            take(ROTATE, Service.post(faulty.port("any"), "/rotate", new byte[0]));
            take(MESSAGE, Service.post(faulty.port("any"), "/message", new byte[0]));
            take(HEALTH, Service.get(faulty.port("any"), "/health"));
            takeHead(faulty.port("any"));
        }
    }

    private void take(String operation, int port, String methodAndPath, String headers, String body)
            throws IOException {
        try (Connection connection = new Connection(port)) {
            take(operation, connection.exchange(Connection.request(methodAndPath, headers, Connection.bytes(body))));
        }
    }

    private void takeKeyed(int port, String json, String key) throws IOException {
        try (Connection connection = new Connection(port)) {
            take(MESSAGE, connection.exchange(Connection.post("/message", "Idempotency-Key: " + key, json)));
        }
    }

    private void takeHead(int port) throws IOException {
        try (Connection connection = new Connection(port)) {
            connection.send(Connection.request("HEAD /health"));
            answers.add(openApi.assertAllows(HEALTH_WITHOUT_BODY, connection.receiveWithoutBody()));
        }
    }

    private void take(String operation, Answer answer) {
        answers.add(openApi.assertAllows(operation, answer));
        if (answer.json().has("type")) {
            problemTypes.add(answer.member("type"));
        }
    }
}
