package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Many connections on one thread, each of which sends one of the scripts, waits until the server closes it, and comes
 * again. A script's parts are up to 10 ms apart.
 */
final class Flood {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final InetSocketAddress server;
    private final List<List<String>> scripts;
    private final Random random = new Random(5);
    private final ByteBuffer received = ByteBuffer.allocate(64 * 1024);
    private Selector selector;
    private long connections;
    private long answers;

    /** @param scripts {@code @} in them becomes the connection's number, eight digits */
    Flood(int port, List<List<String>> scripts) {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.scripts = scripts;
    }

    /** Keeps so many connections busy until it is over. */
    void run(int atOnce, AtomicBoolean over) {
        try (Selector opened = Selector.open()) {
            selector = opened;
            List<Client> clients = new ArrayList<>();
            for (int i = 0; i < atOnce; i++) {
                clients.add(new Client());
            }
            while (!over.get()) {
                selector.select(1);
                long now = System.nanoTime();
                for (SelectionKey key : selector.selectedKeys()) {
                    ((Client) key.attachment()).read();
                }
                selector.selectedKeys().clear();
                for (Client client : clients) {
                    client.goOn(now);
                }
            }
            for (Client client : clients) {
                client.channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long connections() {
        return connections;
    }

    void assertUnderWay() {
        assertTrue(connections > 500 && answers > 0, () -> connections + " connections, " + answers + " answers");
    }

    private final class Client {

        private final Queue<String> parts = new ArrayDeque<>();
        private SocketChannel channel;
        private boolean ended;
        private long due;

        Client() throws IOException {
            connect();
        }

        private void connect() throws IOException {
            channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
            connections++;
            parts.addAll(scripts.get(random.nextInt(scripts.size())));
            ended = false;
            due = System.nanoTime();
        }

        void read() {
            try {
                int length = channel.read(received.clear());
                answers += length > 0 ? 1 : 0;
                ended = length < 0;
            } catch (IOException e) {
                ended = true;
            }
        }

        void goOn(long now) throws IOException {
            if (!ended && now - due >= 0 && !parts.isEmpty()) {
                send(parts.remove());
                due = now + (parts.isEmpty() ? PATIENCE_NANOS : pause());
            } else if (ended || now - due >= 0) {
                if (random.nextInt(10) < 3) {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0); // a reset
                }
                channel.close();
                parts.clear();
                connect();
            }
        }

        private long pause() {
            return TimeUnit.MICROSECONDS.toNanos(List.of(0, 500, 2_000, 10_000).get(random.nextInt(4)));
        }

        private void send(String part) {
            String numbered = part.replace("@", String.format(Locale.ROOT, "%08d", connections));
            try {
                channel.write(ByteBuffer.wrap(numbered.getBytes(ISO_8859_1)));
            } catch (IOException e) {
                ended = true;
            }
        }
    }
}
