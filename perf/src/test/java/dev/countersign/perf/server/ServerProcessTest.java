package dev.countersign.perf.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.client.CountersignClient;
import dev.countersign.perf.capacity.EmptyServlet;
import dev.countersign.perf.data.Results.OwnFigures;
import dev.countersign.web.Main;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerProcessTest {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    @TempDir
    private Path folder;

    @Test
    void theServersOwnFiguresTellOfItsMessages() throws Exception {
        try (ServerProcess server = ServerProcess.start(JavaCommand.of(Main.class), folder.resolve("home"));
                CountersignClient client = CountersignClient.builder()
                        .registerPort(server.registerPort().getPort())
                        .messagePort(server.messagePort().getPort())
                        .build()) {
            long begin = System.currentTimeMillis();
            client.send(client.register("alice"), "hi");
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            List<OwnFigures> own = List.of();
            while (own.isEmpty()) {
                assertTrue(System.nanoTime() < deadline, "no figures");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                own = server.ownFigures(begin);
            }

            assertEquals(1, own.size());
            assertTrue(own.get(0).second() > 0 && own.get(0).second() < 30, own::toString);
            assertTrue(own.get(0).flushP99Millis() > 0, own::toString);
            assertTrue(own.get(0).flushP99Millis() <= own.get(0).durableP99Millis(), own::toString);
            assertEquals(List.of(), server.ownFigures(System.currentTimeMillis()));
        }
    }

    @Test
    void aServerWithoutASocketHasNone() throws Exception {
        try (ServerProcess server = ServerProcess.start(JavaCommand.of(EmptyServlet.class), folder.resolve("home"))) {
            assertEquals(List.of(), server.ownFigures(0));
        }
    }
}
