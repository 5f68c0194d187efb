package dev.countersign.core.kafka;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.LogRange;
import dev.countersign.core.StartupException;
import dev.countersign.core.TopicSettings;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class TlsBrokerTest {

    /** Otherwise Kafka's client reads the alert as a length, and the server runs out of memory. */
    @Test
    void aBrokerThatSpeaksTlsNamesTheSetting() throws IOException {
        try (var broker = SSLServerSocketFactory.getDefault().createServerSocket(0)) {
            CompletableFuture.runAsync(() -> {
                try (SSLSocket client = (SSLSocket) broker.accept()) {
                    client.startHandshake();
                } catch (IOException e) {
                    // what came was not TLS; the alert is sent
                }
            });
            TopicSettings settings = new TopicSettings("kafka://localhost:" + broker.getLocalPort() + "/messages", "");

            StartupException refused =
                    assertThrows(StartupException.class, () -> KafkaLogReader.open(settings, LogRange.from(0)));

            assertTrue(refused.getMessage().contains("security.protocol"), refused.getMessage());
        }
    }
}
