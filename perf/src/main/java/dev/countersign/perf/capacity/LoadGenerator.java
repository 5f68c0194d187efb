package dev.countersign.perf.capacity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * Keeps connections to one server open and sends over them, one request at a time on each: in a closed loop, or at a
 * fixed rate.
 *
 * <p>Written here because generator and servers share two cores, and because turns want connections that stay open and
 * warm while another server has its turn. jetty-load-generator has no closed loop, takes a whole HttpClient for each
 * connection, and closes all when a run ends; Hyperfoil lends connections to its sessions out of shared pools. This one
 * is a selector, requests whose bytes were written beforehand, and as much of a protocol as an {@link Answer} reads.
 *
 * <p>An instance is used by one thread at a time.
 */
final class LoadGenerator implements AutoCloseable {
    /** For the report. */
    static final String NAME = "Countersign's own (java.nio, one thread)";

    /** How long no answer may come after a turn's end before the requests that still wait count as errors. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final long NONE_WAITS = Long.MIN_VALUE;
    private static final long HIGHEST_MICROS = Duration.ofMinutes(2).toNanos() / 1000;

    private final Selector selector;
    private final List<Connection> connections = new ArrayList<>();

    private LoadGenerator(Selector selector) {
        this.selector = selector;
    }

    /**
     * Opens a connection for each of the suppliers, one after the other, and sends nothing yet.
     *
     * @param answers reads what a connection is answered
     * @throws IOException if a connection can't be opened; those before it are closed
     */
    static LoadGenerator connect(
            InetSocketAddress server,
            boolean isTls,
            List<Supplier<ByteBuffer>> requests,
            Supplier<? extends Answer> answers)
            throws IOException {
        LoadGenerator generator = new LoadGenerator(Selector.open());
        try {
            for (Supplier<ByteBuffer> each : requests) {
                generator.connections.add(generator.new Connection(server, isTls, each, answers.get()));
            }
            return generator;
        } catch (IOException e) {
            generator.close();
            throw e;
        }
    }

    /**
     * Lets the first {@code busy} connections each send its next request as soon as the one before is answered. The
     * others stay open and silent. Returns when all answers are in.
     */
    Turn closedLoop(int busy, Duration length) {
        Tally tally = new Tally(length);
        connections.subList(0, busy).forEach(connection -> connection.send(tally));
        receive(tally, connection -> {
            if (System.nanoTime() < tally.end) {
                connection.send(tally);
            }
        });
        return tally.turn();
    }

    /** Sends a single request over every connection, {@code atOnce} of them at a time. */
    Turn once(int atOnce) {
        Tally tally = new Tally(Duration.ZERO);
        Iterator<Connection> rest = connections.iterator();
        for (int i = 0; i < atOnce && rest.hasNext(); i++) {
            rest.next().send(tally);
        }
        receive(tally, connection -> {
            if (rest.hasNext()) {
                rest.next().send(tally);
            }
        });
        rest.forEachRemaining(connection -> tally.errors++); // their turn was to come after one that broke
        return tally.turn();
    }

    /** The bodies of the last answers, in the order of the connections. */
    List<String> bodies() {
        return connections.stream().map(connection -> connection.answer.body()).toList();
    }

    /**
     * Sends {@code perSecond} requests a second, evenly spaced, each over the connection that has been free for
     * longest. One that is due while none is free waits for one, and its latency counts from when it was due: a server
     * that falls behind can't slow the load down and hide it that way (coordinated omission). All requests that fall
     * due within {@code length} are sent. What the sender's own timer oversleeps, some 60 microseconds on Linux, is
     * part of the latency.
     */
    Turn openRate(double perSecond, Duration length) {
        Tally tally = new Tally(length);
        Schedule schedule = new Schedule(tally.start, perSecond, length);
        tally.outstanding = schedule.requests();
        BlockingQueue<Connection> free = new LinkedBlockingQueue<>(connections);
        Thread sender = new Thread(() -> send(schedule, free), "open-rate-sender");
        sender.start();
        try {
            receive(tally, free::add);
        } finally {
            sender.interrupt();
        }
        return tally.turn();
    }

    @Override
    public void close() throws IOException {
        connections.forEach(Connection::close);
        selector.close();
    }

    /** A thread of its own, because a selector's timeout is too coarse, a millisecond, to send by. */
    private static void send(Schedule schedule, BlockingQueue<Connection> free) {
        for (long i = 0; i < schedule.requests() && !Thread.interrupted(); i++) {
            long due = schedule.due(i);
            for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
            try {
                free.take().writeOrClose(due); // where it closes, the request counts among those without an answer
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void receive(Tally tally, Consumer<Connection> answered) {
        while (tally.outstanding > 0 && System.nanoTime() < tally.lastAnswer + PATIENCE.toNanos()) {
            try {
                selector.select(key -> ((Connection) key.attachment()).receive(tally, answered), 100);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        // an answer that still came would be taken for one of the next turn
        connections.stream().filter(Connection::isWaiting).forEach(Connection::close);
    }

    /**
     * When the requests of a fixed rate are due: evenly spaced, the first at once, none at or after the end.
     *
     * @param start by {@link System#nanoTime()}
     */
    record Schedule(long start, double perSecond, Duration length) {

        /** How many fall due. */
        long requests() {
            return (long) Math.ceil(perSecond * length.toNanos() / 1e9);
        }

        /** When request {@code index}, from 0, is due, by {@link System#nanoTime()}. */
        long due(long index) {
            return start + Math.round(index * 1e9 / perSecond);
        }
    }

    /** What is counted in a turn; the thread that receives is the only one to touch it. */
    private static final class Tally {
        private final Duration length;
        private final long start = System.nanoTime();
        private final long end;
        /** When the last answer came, or the turn's end where that is later. */
        private long lastAnswer;

        private final Histogram latencies = new Histogram(HIGHEST_MICROS, 3);
        private long outstanding;
        private long inTime;
        private long errors;

        Tally(Duration length) {
            this.length = length;
            this.end = start + length.toNanos();
            this.lastAnswer = end;
        }

        void broken(boolean waiting) {
            outstanding -= waiting ? 1 : 0;
            errors++;
        }

        void answered(boolean isCreated, long due, long now) {
            outstanding--;
            lastAnswer = Math.max(end, now);
            if (isCreated) {
                latencies.recordValue(Math.min((now - due) / 1000, HIGHEST_MICROS));
                inTime += now <= end ? 1 : 0;
            } else {
                errors++;
            }
        }

        Turn turn() {
            return new Turn(length, inTime, latencies.getTotalCount(), errors + outstanding, latencies);
        }
    }

    private final class Connection {
        private final ByteChannel channel;
        private final Supplier<ByteBuffer> requests;
        private final Answer answer;
        /** When the request that waits for its answer was due, by {@link System#nanoTime()}; or {@link #NONE_WAITS}. */
        private volatile long due = NONE_WAITS;

        Connection(InetSocketAddress server, boolean isTls, Supplier<ByteBuffer> requests, Answer answer)
                throws IOException {
            this.requests = requests;
            this.answer = answer;
            SocketChannel socket = SocketChannel.open(server);
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel = isTls ? new TlsChannel(socket) : socket;
            socket.configureBlocking(false);
            socket.register(selector, SelectionKey.OP_READ, this);
        }

        boolean isWaiting() {
            return due != NONE_WAITS;
        }

        void send(Tally tally) {
            if (writeOrClose(System.nanoTime())) {
                tally.outstanding++;
            } else {
                tally.errors++;
            }
        }

        /** Whether the request that is due was written whole: if not, the connection is of no more use. */
        boolean writeOrClose(long due) {
            this.due = due;
            ByteBuffer request = requests.get();
            try {
                channel.write(request);
            } catch (IOException e) {
                close();
                return false;
            }
            if (request.hasRemaining()) {
                throw new IllegalStateException("a request larger than the socket's buffer");
            }
            return true;
        }

        void receive(Tally tally, Consumer<Connection> next) {
            try {
                if (answer.read(channel)) {
                    tally.answered(answer.isCreated(), due, System.nanoTime());
                    due = NONE_WAITS;
                    next.accept(this);
                }
            } catch (IOException e) {
                tally.broken(isWaiting());
                close();
            }
        }

        void close() {
            due = NONE_WAITS;
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
