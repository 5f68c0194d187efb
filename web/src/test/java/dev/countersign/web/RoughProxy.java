package dev.countersign.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Stands between clients and a server, and treats each connection badly in its own way: what is said is delayed, and after
 * some bytes in one of the directions nothing more is passed on, and both ends are closed, with a reset or without. What
 * it has not passed on by then is never delivered.
 */
final class RoughProxy implements AutoCloseable {

    private static final int MAX_BYTES = 60_000; // more than a request and its answer, or a client would never get on
    private static final int MAX_DELAY_MILLIS = 15;
    private static final int MAX_SILENCE_MILLIS = 100;

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger cuts = new AtomicInteger();
    private final Random random;
    private final Supplier<OptionalInt> port;

    /** @param port of the server, asked for each connection; empty while there is none */
    RoughProxy(Random random, Supplier<OptionalInt> port) throws IOException {
        this.random = random;
        this.port = port;
        threads.execute(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Connections that it broke off. */
    int cuts() {
        return cuts.get();
    }

    /** What becomes of what is said in one direction. */
    private record Fate(int bytesUntilCut, int silenceMillis, int delayMillis, boolean reset) {

        static Fate draw(Random random) {
            return new Fate(
                    random.nextInt(1 + random.nextInt(MAX_BYTES)),
                    random.nextBoolean() ? 0 : random.nextInt(MAX_SILENCE_MILLIS),
                    random.nextBoolean() ? 0 : random.nextInt(MAX_DELAY_MILLIS),
                    random.nextBoolean());
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                Fate there = Fate.draw(random);
                Fate back = Fate.draw(random);
                threads.execute(() -> connect(client, there, back));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void connect(Socket client, Fate there, Fate back) {
        try {
            OptionalInt target = port.get();
            if (target.isEmpty()) {
                client.close();
                return;
            }
            Socket server = new Socket(InetAddress.getLoopbackAddress(), target.getAsInt());
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            threads.execute(() -> pass(client, server, there));
            threads.execute(() -> pass(server, client, back));
        } catch (IOException e) {
            close(client, false); // the server is down
        }
    }

    private void pass(Socket from, Socket to, Fate fate) {
        byte[] chunk = new byte[1_000];
        int left = fate.bytesUntilCut();
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read; left > 0 && (read = in.read(chunk, 0, Math.min(chunk.length, left))) > 0; left -= read) {
                pause(fate.delayMillis());
                out.write(chunk, 0, read);
            }
            if (left == 0) {
                cuts.incrementAndGet();
                pause(fate.silenceMillis());
            }
        } catch (IOException e) {
            // an end was closed: so is the other
        }
        close(from, fate.reset());
        close(to, fate.reset());
    }

    private static void pause(int millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static void close(Socket socket, boolean reset) {
        try (socket) {
            if (reset) {
                socket.setSoLinger(true, 0);
            }
        } catch (IOException e) {
            // closed already, by the other direction
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        threads.shutdown();
    }
}
