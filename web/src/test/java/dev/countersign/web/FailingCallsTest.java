package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * One call to the system fails in a real server, by strace: which call, with which error and at which of its times is
 * drawn from a seed. The server goes on, or answers 503, or ends and names the cause; what it acknowledged is there after
 * the next start. A few faults, or more:
 *
 * <pre>mvn -pl web -am test -Dtest=FailingCallsTest -Dsurefire.failIfNoSpecifiedTests=false -Dfaults=300 -Dfaults.seed=1</pre>
 */
final class FailingCallsTest {

    private static final int FAULTS = Integer.getInteger("faults", 5);
    private static final long SEED = Long.getLong("faults.seed", 1);
    private static final int CLIENTS = 4;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "FAULT",
            "a call to the system fails with EIO, ENOSPC or EINTR, once or from then on",
            "mvn -pl web test -Dtest=FailingCallsTest -Dfaults=" + FAULTS + " -Dfaults.seed=" + SEED);

    private static final long SENDING_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

    /** Calls on the home's own files, and how often a thread makes them at most in a round that is as short as these. */
    private static final Map<String, Integer> CALLS = Map.of(
            "fdatasync", 200,
            "pwrite64", 200,
            "write", 200,
            "pread64", 60,
            "statx", 100,
            "openat", 16,
            "fsync", 4,
            "lseek", 4,
            "ftruncate", 1);

    private static final List<String> ERRORS = List.of("EIO", "ENOSPC", "EINTR");

    /** A call that fails from one of its times on, or at that time alone. {@code time} counts each thread's calls. */
    private record Fault(String call, String error, int time, boolean forGood) {

        static Fault draw(Random random) {
            String call = CALLS.keySet().stream().sorted().toList().get(random.nextInt(CALLS.size()));
            String error = ERRORS.get(random.nextInt(ERRORS.size()));
            int time = (int) Math.exp(random.nextDouble() * Math.log(CALLS.get(call) + 1)); // small ones as often
            boolean forGood = random.nextInt(3) == 0 && !error.equals("EINTR"); // which is tried again until it works
            return new Fault(call, error, time, forGood);
        }

        List<String> strace(Path home, Path trace) throws IOException {
            List<String> command =
                    new ArrayList<>(List.of("strace", "--seccomp-bpf", "-D", "-f", "-qq", "-o", trace.toString()));
            command.addAll(List.of("-e", "trace=" + call));
            command.addAll(
                    List.of("-e", "inject=" + call + ":error=" + error + ":when=" + time + (forGood ? "+" : "")));
            try (Stream<Path> files = Files.walk(home)) {
                files.filter(file -> !file.endsWith("server.log"))
                        .forEach(file -> command.addAll(List.of("-P", file.toString())));
            }
            return command;
        }
    }

    @BeforeAll
    static void needsStrace() throws Exception {
        Path trace = Files.createTempFile("strace", ".txt");
        try {
            Process process = new ProcessBuilder("strace", "-o", trace.toString(), "true").start();
            assumeTrue(process.waitFor() == 0, "strace may trace no process here");
        } catch (IOException e) {
            assumeTrue(false, "there is no strace");
        } finally {
            Files.delete(trace);
        }
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void whateverCallFailsWhatWasAcknowledgedIsThere(@TempDir Path folder) throws Exception {
        Random random = new Random(SEED);
        Path home = folder.resolve("home");
        ServerProcess.start(home).close(); // makes the files
        List<SendingClient> all = new ArrayList<>();
        int injected = 0;
        int ended = 0;
        for (int i = 0; i < FAULTS; i++) {
            Fault fault = Fault.draw(random);
            List<SendingClient> clients = clients("fault-" + i + "-client-");
            all.addAll(clients);
            Path trace = folder.resolve("trace");
            List<String> command = fault.strace(home, trace);
            command.addAll(ServerProcess.command(
                    "--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0"));
            ended += endedByItself(command, clients, fault) ? 1 : 0;
            boolean isMet = Files.readString(trace).contains("(INJECTED)");
            injected += isMet ? 1 : 0;
            PROOF.harmed(isMet ? 1 : 0);

            try (ServerProcess next = ServerProcess.start(home)) {
                Ledger ledger = Ledger.of(all, LoggedMessage.readAll(home));
                PROOF.lookedFor(ledger.acknowledged(), ledger.lost().size(), ledger.doubled());
                assertEquals(List.of(), List.copyOf(ledger.lost()), () -> "lost after " + fault);
                ledger.assertKept();
                assertCodesWork(clients, next.service(), fault);
            }
        }
        System.out.printf(
                "failing calls: %d faults, %d of them met, the server ended by itself %d times%n",
                FAULTS, injected, ended);
        assertTrue(injected * 3 >= FAULTS, injected + " of " + FAULTS + " faults were met");
    }

    private static List<SendingClient> clients(String name) {
        return IntStream.range(0, CLIENTS)
                .mapToObj(i -> new SendingClient(name + i + "-"))
                .toList();
    }

    /** Sends for a while, then kills it. An end by itself must name its cause in its output, in a line. */
    private static boolean endedByItself(List<String> command, List<SendingClient> clients, Fault fault)
            throws Exception {
        ServerProcess server;
        try {
            server = ServerProcess.start(new ProcessBuilder(command));
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("countersign: "), () -> fault + " at the start: " + e.getMessage());
            assertTrue(!e.getMessage().contains("\tat "), () -> fault + " at the start: " + e.getMessage());
            return true;
        }
        try (server) {
            send(clients, server.service(), fault);
            if (server.endsWithin(0)) {
                String output = server.restOfOutput();
                assertTrue(output.contains("ERROR"), () -> "ended without a cause after " + fault + ": " + output);
                return true;
            }
            return false;
        }
    }

    private static void send(List<SendingClient> clients, Service service, Fault fault) throws Exception {
        long end = System.nanoTime() + SENDING_NANOS;
        BooleanSupplier done = () -> System.nanoTime() - end >= 0;
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<List<Answer>>> sending = clients.stream()
                    .map(client -> threads.submit(() -> refusals(client, service, done)))
                    .toList();
            for (Future<List<Answer>> one : sending) {
                for (Answer refusal : one.get()) {
                    assertEquals(503, refusal.status(), () -> "after " + fault + ": " + refusal.text());
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    private static List<Answer> refusals(SendingClient client, Service service, BooleanSupplier done) {
        List<Answer> refusals = new ArrayList<>();
        try {
            while (!done.getAsBoolean() && refusals.size() < 1_000) {
                Optional<Answer> refusal = client.sendUntil(done, service);
                refusal.ifPresent(refusals::add);
            }
        } catch (IOException e) {
            // it has ended
        }
        return refusals;
    }

    private static void assertCodesWork(List<SendingClient> clients, Service service, Fault fault) throws IOException {
        List<String> refused = new ArrayList<>();
        long codes = 0;
        try (Connection connection = new Connection(service.messagePort())) {
            for (SendingClient client : clients) {
                for (String id : client.codes().keySet()) {
                    codes++;
                    if (client.send(connection, id).status() != 201) {
                        refused.add(id);
                    }
                }
            }
        }
        PROOF.lookedFor(codes, refused.size(), 0);
        assertEquals(List.of(), refused, () -> "codes are lost after " + fault);
    }
}
