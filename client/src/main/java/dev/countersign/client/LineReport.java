package dev.countersign.client;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.function.ObjLongConsumer;

/**
 * Prints a receipt for each logged line. On a terminal it shows a status line with the number of logged lines, their
 * rate and the last receipt. If output and status line would go to the same terminal, it prints the status line only.
 * For use by one thread.
 */
final class LineReport implements ObjLongConsumer<List<Receipt>> {

    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final long REFRESH_NANOS = Duration.ofMillis(100).toNanos();

    private final PrintWriter out;
    private final PrintWriter err;
    private final boolean showsProgress;
    private final boolean showsReceipts;
    private final long startNanos = System.nanoTime();

    private long shownNanos = startNanos - REFRESH_NANOS;
    private long sent; // by this run
    private String line = "";

    /** @param terminal tells whether a file descriptor of this process is a terminal */
    LineReport(PrintWriter out, PrintWriter err, IntPredicate terminal) {
        this.out = out;
        this.err = err;
        this.showsProgress = terminal.test(STDERR);
        this.showsReceipts = !showsProgress || !terminal.test(STDOUT);
    }

    @Override
    public void accept(List<Receipt> receipts, long logged) {
        sent += receipts.size();
        if (showsReceipts) {
            String time = ", time: " + SendCommand.TIME.format(receipts.get(0).time()) + "\n";
            receipts.forEach(receipt -> out.print("receipt: " + SendCommand.printable(receipt.value()) + time));
            out.flush();
        }
        if (showsProgress) {
            long now = System.nanoTime();
            line = String.format(
                    Locale.ROOT,
                    "%,d lines logged, %,.0f lines/s, last receipt: %s",
                    logged,
                    sent * 1e9 / (now - startNanos),
                    SendCommand.printable(receipts.get(receipts.size() - 1).value()));
            if (now - shownNanos >= REFRESH_NANOS) {
                shownNanos = now;
                err.print(line + "\u001b[K\r");
                err.flush();
            }
        }
    }

    /** Leaves the last status line on the terminal. */
    void end() {
        if (!line.isEmpty()) {
            err.println(line + "\u001b[K");
        }
    }
}
