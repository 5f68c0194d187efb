package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the lives of a server did to the files of its home and said on its sockets, in the order in which
 * {@code strace -f -y -xx} saw it. A change counts from when its call has returned; an answer, and what a flush
 * includes, from when the call begins.
 *
 * @param lives for each, the step behind its last one
 */
record Recording(Path home, List<Step> steps, List<Integer> lives) {

    private static final Pattern CALL = Pattern.compile("(\\w+)\\((?:(\\d+|AT_FDCWD)(?:<([^>]*)>)?)?.*");
    private static final Pattern OPENED = Pattern.compile("(\\d+)<([^>]*)>");

    private static final Pattern SOCKET =
            Pattern.compile("\\w+\\(\\d+<(?:socket:|TCP|\\\\x73\\\\x6f\\\\x63\\\\x6b\\\\x65\\\\x74\\\\x3a)");

    enum Kind {
        OPEN,
        FOLDER,
        WRITE,
        TRUNCATE,
        RENAME,
        DELETE,
        FLUSH_BEGINS,
        FLUSHED,
        FLUSH_FAILED,
        ANSWER
    }

    /**
     * One call, or the begin or the end of one.
     *
     * @param begin the step before which the call began; of a flush, the step that is its begin
     * @param file descriptor, or -1
     * @param path of the file, or the first of two names
     * @param arguments as strace shows them, without the strings
     * @param bytes written or sent; of a rename, the second name
     * @param offset in the file, or -1 at the place where the descriptor is; the length after a truncation
     */
    record Step(Kind kind, int begin, int file, Path path, String arguments, byte[] bytes, long offset) {

        Path secondName() {
            return Path.of(new String(bytes, UTF_8));
        }
    }

    private record Call(String name, int file, Path path, List<byte[]> strings, String arguments, int begin) {}

    /** Reads {@code life-1} and so on, the output of strace for one life after the other of a server in this home. */
    static Recording read(Path folder, Path home) throws IOException {
        Recording recording = new Recording(home, new ArrayList<>(), new ArrayList<>());
        for (int life = 1; Files.exists(folder.resolve("life-" + life)); life++) {
            recording.readLife(folder.resolve("life-" + life));
            recording.lives.add(recording.steps.size());
        }
        return recording;
    }

    private void readLife(Path file) throws IOException {
        Map<String, Map.Entry<String, Integer>> unfinished = new HashMap<>();
        try (BufferedReader lines = Files.newBufferedReader(file, ISO_8859_1)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int space = line.indexOf(' ');
                String thread = line.substring(0, space);
                String text = line.substring(space).strip();
                if (text.startsWith("<... ")) {
                    Map.Entry<String, Integer> begun = unfinished.remove(thread);
                    end(begun.getKey() + text.substring(text.indexOf(" resumed>") + 9), begun.getValue());
                } else if (text.endsWith("<unfinished ...>") || text.endsWith("<detached ...>")) { // by a kill
                    text = text.substring(0, text.lastIndexOf('<'));
                    unfinished.put(thread, Map.entry(text, steps.size()));
                    begin(text);
                } else if (!text.startsWith("---") && !text.startsWith("+++")) {
                    int begin = steps.size();
                    begin(text);
                    end(text, begin);
                }
            }
        }
    }

    private void begin(String text) {
        if (text.startsWith("fdatasync(") || text.startsWith("fsync(")) {
            Call call = call(text, steps.size());
            if (isKept(call.path)) {
                add(Kind.FLUSH_BEGINS, call, call.path, new byte[0], 0);
            }
        } else if (text.startsWith("write") || text.startsWith("send")) {
            if (SOCKET.matcher(text).lookingAt()) {
                Call call = call(text, steps.size());
                byte[] all = joined(call.strings);
                if (new String(all, ISO_8859_1).startsWith("HTTP/1.1 20")) {
                    add(Kind.ANSWER, call, call.path, all, 0);
                }
            }
        }
    }

    private void end(String text, int begin) {
        int equals = text.lastIndexOf(" = ");
        String arguments = text.substring(0, equals).strip(); // strace fills up with blanks before the equals sign
        String result = text.substring(equals + 3).strip();
        boolean hasFailed = result.startsWith("-1");
        Matcher name = CALL.matcher(text);
        if (result.startsWith("?")
                || !name.matches()
                || hasFailed && !name.group(1).contains("sync")) {
            return;
        }
        Call call = call(arguments.substring(0, arguments.length() - 1), begin);
        switch (call.name) {
            case "openat" -> opened(call, result);
            case "write" -> wrote(call, result, -1);
            case "pwrite64" -> wrote(call, result, lastNumber(call.arguments));
            case "ftruncate" -> change(Kind.TRUNCATE, call, call.path, new byte[0], lastNumber(call.arguments));
            case "fdatasync", "fsync" ->
                change(hasFailed ? Kind.FLUSH_FAILED : Kind.FLUSHED, call, call.path, new byte[0], 0);
            case "rename", "renameat", "renameat2" ->
                change(Kind.RENAME, call, path(call.strings.get(0)), call.strings.get(1), 0);
            case "unlink", "unlinkat" -> change(Kind.DELETE, call, path(call.strings.get(0)), new byte[0], 0);
            case "mkdir", "mkdirat" -> change(Kind.FOLDER, call, path(call.strings.get(0)), new byte[0], 0);
            case "mmap" -> refuseWritable(call);
            default -> {
                if (isKept(call.path)) {
                    throw new IllegalStateException("a call that is not understood: " + call);
                }
            }
        }
    }

    private void refuseWritable(Call mapping) {
        Matcher file = OPENED.matcher(mapping.arguments);
        if (file.find()
                && isKept(path(unescaped(file.group(2))))
                && mapping.arguments.contains("MAP_SHARED")
                && mapping.arguments.contains("PROT_WRITE")) {
            throw new IllegalStateException("writes through memory aren't seen: " + mapping);
        }
    }

    private void opened(Call call, String result) {
        Matcher opened = OPENED.matcher(result);
        if (opened.lookingAt()) {
            Path path = path(unescaped(opened.group(2)));
            if (isKept(path)) {
                int descriptor = Integer.parseInt(opened.group(1));
                steps.add(new Step(Kind.OPEN, call.begin, descriptor, path, call.arguments, new byte[0], 0));
            }
        }
    }

    private void wrote(Call call, String result, long offset) {
        byte[] all = call.strings.isEmpty() ? new byte[0] : call.strings.get(0);
        int written = Integer.parseInt(result.split(" ")[0]);
        change(Kind.WRITE, call, call.path, written == all.length ? all : Arrays.copyOf(all, written), offset);
    }

    private void change(Kind kind, Call call, Path path, byte[] bytes, long offset) {
        if (isKept(path)) {
            add(kind, call, path, bytes, offset);
        }
    }

    private void add(Kind kind, Call call, Path path, byte[] bytes, long offset) {
        steps.add(new Step(kind, call.begin, call.file, path, call.arguments, bytes, offset));
    }

    private static Call call(String text, int begin) {
        Matcher matcher = CALL.matcher(text.length() > 4096 ? text.substring(0, 4096) : text);
        if (!matcher.matches()) {
            throw new IllegalStateException("not understood: " + text);
        }
        String first = matcher.group(2);
        boolean isFile = first != null && !first.equals("AT_FDCWD") && matcher.group(3) != null;
        List<byte[]> strings = new ArrayList<>();
        StringBuilder others = new StringBuilder();
        int at = 0;
        for (int quote; (quote = text.indexOf('"', at)) >= 0; ) {
            int end = text.indexOf('"', quote + 1);
            others.append(text, at, quote);
            strings.add(unescaped(text.substring(quote + 1, end)));
            at = end + 1;
        }
        others.append(text.substring(at));
        if (others.indexOf("...") >= 0) {
            throw new IllegalStateException("strace has cut a string short: " + others);
        }
        return new Call(
                matcher.group(1),
                isFile ? Integer.parseInt(first) : -1,
                path(isFile ? unescaped(matcher.group(3)) : new byte[] {'/'}),
                strings,
                others.toString(),
                begin);
    }

    private static byte[] unescaped(String hex) {
        byte[] bytes = new byte[hex.length() / 4]; // \xHH each
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte)
                    (Character.digit(hex.charAt(4 * i + 2), 16) << 4 | Character.digit(hex.charAt(4 * i + 3), 16));
        }
        return bytes;
    }

    private static byte[] joined(List<byte[]> strings) {
        ByteBuffer all = ByteBuffer.allocate(
                strings.stream().mapToInt(each -> each.length).sum());
        strings.forEach(all::put);
        return all.array();
    }

    private static long lastNumber(String arguments) {
        return Long.parseLong(
                arguments.substring(arguments.lastIndexOf(',') + 1).strip());
    }

    private static Path path(byte[] name) {
        return Path.of(new String(name, UTF_8).replace("\0", "?"));
    }

    /** The steps of each life before its first answer. */
    List<Integer> startSteps() {
        List<Integer> all = new ArrayList<>();
        int start = 0;
        for (int end : lives) {
            for (int step = start; step < end && steps.get(step).kind != Kind.ANSWER; step++) {
                all.add(step);
            }
            start = end;
        }
        return all;
    }

    /** How many records of the journal were written at its ring's start. */
    long timesRound() {
        return steps.stream()
                .filter(each ->
                        each.kind == Kind.WRITE && each.offset == Journal.RING_START && each.path.equals(journal()))
                .map(each -> ByteBuffer.wrap(each.bytes).getLong(8))
                .distinct()
                .count();
    }

    /** How often the store renamed a file of the log for its receipts. */
    long rolls() {
        return steps.stream()
                .filter(each -> each.kind == Kind.RENAME
                        && each.secondName().getFileName().toString().startsWith("messages-"))
                .count();
    }

    Path data() {
        return home.resolve("data");
    }

    Path logs() {
        return home.resolve("logs");
    }

    Path log() {
        return logs().resolve("messages.jsonl");
    }

    Path journal() {
        return data().resolve("messages.journal");
    }

    Path database() {
        return data().resolve("countersign.db");
    }

    /** Folders too. SQLite makes its -shm anew; nothing promised stands in the others that are left out. */
    private boolean isKept(Path path) {
        if (!path.startsWith(home)) {
            return false;
        }
        String name = path.getFileName().toString();
        return !name.endsWith("-shm")
                && !name.equals("lock")
                && !name.equals("server.log")
                && !path.startsWith(data().resolve("native"))
                && !name.equals("operator.sock")
                && !path.startsWith(data().resolve("operator")); // where the socket is made
    }

    /** The files of a copy of the home that this keeps, and what is in them; names as in the home. */
    Map<Path, byte[]> kept(Path copy) throws IOException {
        Map<Path, byte[]> files = new HashMap<>();
        try (Stream<Path> all = Files.walk(copy)) {
            all.filter(Files::isRegularFile).forEach(file -> {
                Path path = home.resolve(copy.relativize(file).toString());
                if (isKept(path)) {
                    try {
                        files.put(path, Files.readAllBytes(file));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
            });
        }
        return files;
    }

    /** The body of an answer, where it is a 201, or a 200 that repeats one. */
    static Optional<String> granted(Step answer) {
        String text = new String(answer.bytes(), UTF_8);
        int body = text.indexOf("\r\n\r\n") + 4;
        boolean isGranted = text.startsWith("HTTP/1.1 201")
                || text.startsWith("HTTP/1.1 200") && text.contains("Idempotency-Replayed");
        return isGranted ? Optional.of(text.substring(body)) : Optional.empty();
    }
}
