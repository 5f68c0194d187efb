package dev.countersign.client;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;

/**
 * Sends the lines of an input in order, each once, and knows at any time which are logged. All lines that are waiting
 * go out in one request.
 *
 * <p>The calling thread sends, a second thread reads the input, and any thread may stop the sender.
 */
final class LineSender {

    private final CountersignClient client;
    private final Credentials sender;
    private final Consumer<ProgressFile.Position> progress;
    private final ObjLongConsumer<List<Receipt>> listener;

    private long logged; // lines; these three are guarded by this, and only the sending thread changes the first two
    private long begun; // logged lines and those in flight
    private boolean stopping;

    private volatile Optional<IOException> inputFailure = Optional.empty();

    /**
     * @param progress is told about each request before it is sent
     * @param listener gets the receipts of each request, and the number of lines logged so far
     */
    LineSender(
            CountersignClient client,
            Credentials sender,
            Consumer<ProgressFile.Position> progress,
            ObjLongConsumer<List<Receipt>> listener) {
        this.client = client;
        this.sender = sender;
        this.progress = progress;
        this.listener = listener;
    }

    /**
     * Sends all lines; returns when they are logged.
     *
     * @param earlier where an earlier run over this input ended
     * @throws IOException if the input can't be read as UTF-8; all lines before that are logged
     */
    void send(InputStream input, ProgressFile.Position earlier)
            throws CountersignException, IOException, InterruptedException {
        Lines lines = new Lines(input);
        goOn(lines, earlier);
        Gathering<byte[]> gathering = client.gathering(sender, text -> text);
        Thread reader = new Thread(() -> read(lines, gathering), "lines");
        reader.setDaemon(true); // a read from a terminal can't be interrupted
        reader.start();
        for (List<byte[]> texts = gathering.next(); !texts.isEmpty(); texts = gathering.next()) {
            String key = Key.random();
            progress.accept(new ProgressFile.Position(logged + 1, texts.size(), key));
            request(texts, key);
        }
        progress.accept(new ProgressFile.Position(logged + 1, 0, ""));
        if (inputFailure.isPresent()) {
            throw inputFailure.get();
        }
    }

    /** Skips the lines that an earlier run logged, and sends its last request again. */
    private void goOn(Lines lines, ProgressFile.Position earlier)
            throws CountersignException, IOException, InterruptedException {
        for (long line = 1; line < earlier.line(); line++) {
            text(lines, earlier);
        }
        end(earlier.line() - 1, earlier.line() - 1);
        List<byte[]> texts = new ArrayList<>();
        while (texts.size() < earlier.lines()) {
            texts.add(text(lines, earlier));
        }
        if (!texts.isEmpty()) {
            request(texts, earlier.key());
        }
    }

    private static byte[] text(Lines lines, ProgressFile.Position earlier) throws IOException {
        return Body.text(lines.next()
                .orElseThrow(() -> new IOException("it has fewer lines than the "
                        + (earlier.line() - 1 + earlier.lines()) + " that --progress has recorded")));
    }

    private void read(Lines lines, Gathering<byte[]> gathering) {
        try {
            for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
                gathering.add(Body.text(line.get()), true);
            }
        } catch (IOException e) {
            inputFailure = Optional.of(e);
        } catch (InterruptedException | RuntimeException | Error e) {
            inputFailure = Optional.of(new IOException("reading failed: " + e, e)); // not the end of the input
        } finally {
            gathering.close();
        }
    }

    private void request(List<byte[]> texts, String key) throws CountersignException, InterruptedException {
        synchronized (this) {
            while (stopping) {
                wait(); // until the process ends
            }
            begun += texts.size();
        }
        try {
            List<Receipt> receipts = client.logged(sender, texts, key);
            end(begun, begun);
            listener.accept(receipts, logged);
        } catch (RefusedException | UnreachableException e) {
            end(logged, logged);
            throw e;
        }
    }

    private synchronized void end(long linesLogged, long linesBegun) {
        logged = linesLogged;
        begun = linesBegun;
        notifyAll();
    }

    /** Sends no further request; returns when the request in flight is answered, or after the given time. */
    synchronized void stop(Duration patience) throws InterruptedException {
        stopping = true;
        long deadline = System.nanoTime() + patience.toNanos();
        for (long left = patience.toMillis();
                logged < begun && left > 0;
                left = (deadline - System.nanoTime()) / 1_000_000) {
            wait(left);
        }
    }

    /** Says which lines are logged, for people. */
    synchronized String outcome() {
        return (logged == 0 ? "no line is logged" : lines(1, logged) + (logged == 1 ? " is" : " are") + " logged")
                + (begun == logged
                        ? ""
                        : ", " + lines(logged + 1, begun) + (begun == logged + 1 ? " may be" : " may be, all or none"))
                + ", nothing after that was sent";
    }

    private static String lines(long first, long last) {
        return first == last ? "line " + first : "lines " + first + " to " + last;
    }
}
