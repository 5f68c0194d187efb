package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.LogLine;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.store.Store;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/** Prints messages of the log, also while the server writes it. */
@Command(
        name = "log",
        mixinStandardHelpOptions = true,
        description = "Prints the messages of the log: time, id and text. Works while the server runs.")
final class LogCommand implements Callable<Integer> {

    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int LINES_BETWEEN_CHECKS = 1024;
    private static final long FOLLOW_MILLIS = 50;
    private static final long FOLLOWED_FROM = 10;

    @ParentCommand
    private Main main;

    @Parameters(paramLabel = "FILE", description = "Read these files instead, compressed by gzip or not.")
    private List<Path> files = List.of();

    @Option(names = "--id", paramLabel = "ID", description = "Print only messages of this id.")
    private Optional<String> id;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            converter = Time.class,
            description = "Print no older messages: 2026-11-26T14:44:15Z, or 2026-11-26 for its start in UTC.")
    private Optional<Instant> since;

    @Option(names = "--until", paramLabel = "TIME", converter = Time.class, description = "Print no newer messages.")
    private Optional<Instant> until;

    @Option(names = "--from-receipt", paramLabel = "RECEIPT", description = "Start with this receipt.")
    private Optional<Long> fromReceipt;

    @Option(names = "--last", paramLabel = "COUNT", description = "Print only the newest.")
    private Optional<Long> last;

    @Option(names = "--follow", description = "Keep printing new messages; by default from the newest 10 on.")
    private boolean follow;

    @Option(names = "--raw", description = "Print the log's lines as they are, in JSON.")
    private boolean raw;

    static final class Time implements ITypeConverter<Instant> {

        @Override
        public Instant convert(String value) {
            try {
                if (!value.startsWith("+")) { // as a year beyond 9999 does
                    return Instant.parse(value.length() == "2026-11-26".length() ? value + "T00:00:00Z" : value);
                }
            } catch (DateTimeException e) {
                // refused below
            }
            throw new TypeConversionException("'" + value + "' is not a time like 2026-11-26T14:44:15Z or 2026-11-26");
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (last.orElse(0L) < 0) {
            throw new ParameterException(main.spec.commandLine(), "--last must be 0 or more, not " + last.get());
        }
        long newest = last.orElse(follow && !isSelective() && fromReceipt.isEmpty() ? FOLLOWED_FROM : Long.MAX_VALUE);
        try (LogReader reader = open(isSelective() ? Long.MAX_VALUE : newest)) {
            OutputStream out = new BufferedOutputStream(System.out, BUFFER_BYTES);
            boolean isRead =
                    last.isPresent() && isSelective() ? printNewest(reader, newest, out) : printAll(reader, out);
            while (follow && isRead) {
                Thread.sleep(FOLLOW_MILLIS);
                isRead = printNew(reader, out);
            }
            if (reader.foreignLines() > 0) {
                main.spec
                        .commandLine()
                        .getErr()
                        .println("countersign: " + reader.foreignLines()
                                + " lines were not written by a server; the command verify says where");
            }
        }
        return CommandLine.ExitCode.OK;
    }

    /** Whether it must read messages to tell which to print. */
    private boolean isSelective() {
        return id.isPresent() || since.isPresent() || until.isPresent();
    }

    private LogReader open(long newest) throws IOException {
        LogRange all = LogRange.from(fromReceipt.orElse(0L));
        LogRange range = new LogRange(all.fromReceipt(), since.orElse(all.since()), until.orElse(all.until()), newest);
        return files.isEmpty()
                ? Store.read(main::homeToRead, main.topic(), range)
                : Store.read(Commands.existing(files), range);
    }

    /** As {@link #printAll}; later, if the servers that keep the log don't answer now. */
    private boolean printNew(LogReader reader, OutputStream out) throws IOException {
        try {
            return printAll(reader, out);
        } catch (SocketTimeoutException e) {
            main.spec.commandLine().getErr().println("countersign: " + e.getMessage() + "; trying again");
            out.flush();
            return true;
        }
    }

    /** False if nobody reads the output any more. */
    private boolean printAll(LogReader reader, OutputStream out) throws IOException {
        for (int lines = 1; next(reader); lines++) {
            print(reader, out);
            if (lines % LINES_BETWEEN_CHECKS == 0 && System.out.checkError()) {
                return false;
            }
        }
        out.flush();
        return !System.out.checkError();
    }

    private boolean printNewest(LogReader reader, long count, OutputStream out) throws IOException {
        Queue<byte[]> newest = new ArrayDeque<>();
        while (next(reader)) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            print(reader, line);
            newest.add(line.toByteArray());
            if (newest.size() > count) {
                newest.remove();
            }
        }
        for (byte[] each : newest) {
            out.write(each);
        }
        return printAll(reader, out);
    }

    private boolean next(LogReader reader) throws IOException {
        boolean found = reader.next();
        while (found && id.isPresent() && !reader.line().id().equals(id)) {
            found = reader.next();
        }
        return found;
    }

    private void print(LogReader reader, OutputStream out) throws IOException {
        if (raw) {
            reader.writeLine(out);
        } else {
            LogLine line = reader.line();
            String rest =
                    line.id().map(sender -> sender + " " + line.escapedText()).orElse("(erased)");
            out.write((line.time() + " " + rest + "\n").getBytes(UTF_8));
        }
    }
}
