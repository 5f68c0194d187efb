package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Code;
import dev.countersign.core.Home;
import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the operator's listener shows of the server's work: figures, messages and the page. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class MetricsTest {

    @TempDir
    private Path home;

    private CountersignServer server;
    private Service service;

    @BeforeEach
    void start() {
        server = CountersignServer.start(Home.open(home), RunningServer.settings("--operator-port=0"));
        service = Service.of(server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void metricsCountWhatWasServedAndRefusedByPortStatusAndKind() throws IOException {
        String code = service.register("alice");
        assertEquals(201, service.send("alice", code, "one").status());
        assertEquals(201, service.send("alice", code, "two").status());
        assertEquals(403, service.send("alice", "wrong", "three").status());
        assertEquals(400, service.postMessage("{").status());
        assertEquals(404, Service.get(service.registerPort(), "/nothing").status());

        List<String> metrics = metrics();

        assertTrue(metrics.contains(requests("message", "", "201") + "2.0"), metrics::toString);
        assertTrue(metrics.contains(requests("message", "wrong-code", "403") + "1.0"), metrics::toString);
        assertTrue(metrics.contains(requests("message", "malformed-request", "400") + "1.0"), metrics::toString);
        assertTrue(metrics.contains(requests("register", "", "201") + "1.0"), metrics::toString);
        assertTrue(metrics.contains(requests("register", "not-found", "404") + "1.0"), metrics::toString);
        assertTrue(metrics.contains("countersign_messages_total 2.0"), metrics::toString);
        assertTrue(metrics.contains("countersign_ready 1.0"), metrics::toString);
        assertTrue(metrics.contains("countersign_code_cache_hits_total 3.0"), metrics::toString);
        assertTrue(metrics.contains("countersign_answer_seconds_count{of=\"messages\"} 2"), metrics::toString);
        assertTrue(
                metrics.contains("countersign_flush_seconds_bucket{of=\"messages\",le=\"+Inf\"} 2"), metrics::toString);
        assertTrue(metrics.contains("countersign_batch_items_bucket{of=\"messages\",le=\"1.0\"} 2"), metrics::toString);
        assertTrue(metrics.contains("countersign_batch_items_sum{of=\"messages\"} 2.0"), metrics::toString);
    }

    private static String requests(String port, String problem, String status) {
        return "countersign_requests_total{port=\"" + port + "\",problem=\"" + problem + "\",status=\"" + status
                + "\"} ";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jvm_memory_used_bytes",
                "jvm_threads_live_threads",
                "process_uptime_seconds",
                "process_files_open_files",
                "jetty_threads_current",
                "jetty_connections_current"
            })
    void metricsHaveTheNamesThatTheirUsersKnow(String name) throws IOException {
        assertTrue(metrics().stream().anyMatch(line -> line.startsWith(name)), name);
        assertEquals(200, Service.get(operatorPort(), "/metrics").status());
    }

    @Test
    void metricsShowNoMessageAndNoId() throws IOException {
        service.send("alice", service.register("alice"), "secret");

        String metrics = String.join("\n", metrics()) + ask("/status?history").body();

        assertFalse(metrics.contains("alice") || metrics.contains("secret"), metrics);
    }

    @Test
    void messagesAfterAReceiptAreTheLogsLines() throws IOException {
        String code = service.register("alice");
        String first = service.send("alice", code, "one").member("receipt");
        service.send("alice", code, "zw\u00f6lf \"\n");
        service.send("alice", code, "three");

        List<String> lines = ask("/messages?after=" + first).body().lines().toList();

        assertEquals(2, lines.size());
        assertEquals("zw\u00f6lf \"\n", Json.parse(lines.get(0)).get("message").asString());
        assertEquals("three", Json.parse(lines.get(1)).get("message").asString());
        assertEquals(
                List.of(lines.get(1)),
                ask("/messages?after=" + first + "&last=1").body().lines().toList());
        assertEquals(
                "",
                ask("/messages?after=" + Json.parse(lines.get(1)).get("receipt").asString())
                        .body());
    }

    @Test
    void whoWaitsGetsTheMessageWhenItComes() throws Exception {
        String code = service.register("alice");
        String first = service.send("alice", code, "one").member("receipt");
        CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("/messages?after=" + first + "&wait=30").body();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });

        service.send("alice", code, "two");

        assertEquals(
                "two",
                Json.parse(waiting.get(20, TimeUnit.SECONDS)).get("message").asString());
    }

    @Test
    void whoWaitsHoldsUpNoStop() throws Exception {
        CompletableFuture<Integer> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return ask("/messages?wait=60").status();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        while (!ask("/metrics").body().contains("jetty_threads_current")) {
            Thread.onSpinWait();
        }

        long began = System.nanoTime();
        server.close();

        assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(5));
        waiting.handle((status, failure) -> "ended").get(5, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"after=x", "after=-1", "wait=61", "last="})
    void aWrongNumberIsRefused(String query) throws IOException {
        assertEquals(400, ask("/messages?" + query).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/messages", "/ids", "/revoke", "/rotate", "/register", "/log-level"})
    void thePortHasNothingThatShowsAMessageOrChangesSomething(String path) throws IOException {
        assertEquals(404, Service.get(operatorPort(), path).status());
    }

    @Test
    void aPageOfAnotherSiteCanNotRevoke() throws IOException {
        service.register("alice");

        OperatorClient.Answer answer = new OperatorClient(home)
                .ask("POST", "/revoke?id=alice HTTP/1.0\r\nOrigin: http://attacker.example\r\nX:");

        assertEquals(400, answer.status());
        assertFalse(ask("/ids").body().contains("revoked"));
    }

    @Test
    void thePagesPolicyAllowsItsOwnScriptAndStyleAloneAndNothingElse() throws IOException {
        Answer page = Service.get(operatorPort(), "/");

        String policy = page.header("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; connect-src 'self'; "), policy);
        for (String element : List.of("script", "style")) {
            String[] parts = page.text().split("</?" + element + ">");
            assertEquals(3, parts.length, element);
            String hash = Base64.getEncoder().encodeToString(Code.sha256(parts[1].getBytes(StandardCharsets.UTF_8)));
            assertTrue(policy.contains(element + "-src 'sha256-" + hash + "';"), policy);
        }
        assertFalse(page.text().replace("http://www.w3.org/2000/svg", "").contains("//www"), "another host");
        assertFalse(page.text().contains("innerHTML"));
    }

    private List<String> metrics() throws IOException {
        return Arrays.asList(ask("/metrics").body().split("\n"));
    }

    private int operatorPort() {
        return server.addresses().get("operator").getPort();
    }

    private OperatorClient.Answer ask(String path) throws IOException {
        return new OperatorClient(home).ask("GET", path);
    }
}
