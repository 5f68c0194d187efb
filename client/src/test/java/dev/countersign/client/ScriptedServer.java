package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Does what a good server never does: reads each request whole, then takes the next step of a script; at its end it cuts the connection. */
final class ScriptedServer implements AutoCloseable {

    /** What becomes of one request. One that throws cuts the connection. */
    interface Step {
        void answer(OutputStream out, CountDownLatch closed) throws IOException, InterruptedException;
    }

    private final ServerSocket listener;
    private final Queue<Step> script;
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final CountDownLatch hungUp = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    ScriptedServer(Step... script) {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), script);
    }

    ScriptedServer(InetSocketAddress address, Step... script) {
        this.script = new ConcurrentLinkedQueue<>(List.of(script));
        try {
            listener = new ServerSocket(address.getPort(), 50, address.getAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    static Step answer(String statusAndHeaders, String body) {
        byte[] bytes = body.getBytes(UTF_8);
        String head = "HTTP/1.1 " + statusAndHeaders + "\r\nContent-Length: " + bytes.length + "\r\n\r\n";
        return (out, closed) -> {
            out.write(head.getBytes(UTF_8));
            out.write(bytes);
        };
    }

    static Step logged(int receipt) {
        return answer("201 Created", "{\"receipt\":\"" + receipt + "\",\"time\":\"2026-11-22T19:26:55.071200Z\"}");
    }

    /** The answer to an earlier request with the same key. */
    static Step replayed(int receipt) {
        return answer(
                "200 OK\r\nIdempotency-Replayed: true",
                "{\"receipt\":\"" + receipt + "\",\"time\":\"2026-11-22T19:26:55.071200Z\"}");
    }

    /** As many receipts, from this one on. */
    static Step loggedAll(int first, int number) {
        String receipts = IntStream.range(first, first + number)
                .mapToObj(receipt -> "\"" + receipt + "\"")
                .collect(Collectors.joining(","));
        return answer("201 Created", "{\"receipts\":[" + receipts + "],\"time\":\"2026-11-22T19:26:55.071200Z\"}");
    }

    static Step registered(String code) {
        return answer("201 Created", "{\"id\":\"whoever\",\"code\":\"" + code + "\"}");
    }

    /** A refusal as Countersign has it. */
    static Step problem(String statusAndHeaders, String word) {
        return answer(
                statusAndHeaders + "\r\nContent-Type: application/problem+json",
                "{\"type\":\"urn:countersign:problem:" + word + "\",\"title\":\"Title\",\"detail\":\"Detail.\"}");
    }

    static Step busy() {
        return problem("503 Service Unavailable\r\nRetry-After: 0", "overloaded");
    }

    static Step cut() {
        return (out, closed) -> {
            throw new IOException("cut");
        };
    }

    static Step silence() {
        return (out, closed) -> closed.await();
    }

    static Step hangingUpAfter(Step step) {
        return (out, closed) -> {
            step.answer(out, closed);
            throw new IOException("hung up");
        };
    }

    int port() {
        return listener.getLocalPort();
    }

    /** The bodies of the requests that came, in order. */
    List<String> requests() {
        return requests;
    }

    /** Their request lines and headers. */
    List<String> heads() {
        return heads;
    }

    /** Their keys. */
    List<String> keys() {
        return heads.stream()
                .map(head -> head.replaceFirst("(?s).*\nIdempotency-Key: ([^\r]*)\r.*", "$1"))
                .toList();
    }

    int connections() {
        return sockets.size();
    }

    void awaitRequests(int number) {
        while (requests.size() < number) {
            Thread.onSpinWait();
        }
    }

    void awaitHangUp() throws InterruptedException {
        hungUp.await();
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sockets.add(socket);
                start(() -> serve(socket));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serve(Socket socket) {
        try {
            serveUntilCut(socket);
        } finally {
            hungUp.countDown();
        }
    }

    private void serveUntilCut(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (true) {
                requests.add(body(in));
                Optional.ofNullable(script.poll()).orElse(cut()).answer(socket.getOutputStream(), closed);
            }
        } catch (IOException | InterruptedException e) {
            // the script, the client or the test's end cut the connection
        }
    }

    private String body(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(UTF_8).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("end of requests");
            }
            head.write(next);
        }
        heads.add(head.toString(UTF_8));
        int length = head.toString(UTF_8)
                .lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
                .mapToInt(line -> Integer.parseInt(
                        line.substring("content-length:".length()).strip()))
                .findFirst()
                .orElseThrow();
        return new String(in.readNBytes(length), UTF_8);
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "scripted server");
        thread.setDaemon(true);
        thread.start();
    }
}
