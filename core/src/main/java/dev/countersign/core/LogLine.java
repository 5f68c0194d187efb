package dev.countersign.core;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * Parses a line of the log in place, in a buffer: checks byte by byte that it has the form in which a server writes it,
 * and finds its members. Reused from line to line, by one thread.
 */
public final class LogLine {

    private static final byte[] RECEIPT = ascii("{\"receipt\":\"");
    private static final byte[] TIME = ascii("\",\"time\":\"");
    private static final byte[] TIME_FIRST = ascii("{\"time\":\"");
    private static final byte[] ID = ascii("\",\"id\":\"");
    private static final byte[] KEY = ascii("\",\"key\":\"");
    private static final byte[] PART = ascii("\",\"part\":\"");
    private static final byte[] MESSAGE = ascii("\",\"message\":\"");
    private static final byte[] ERASED = ascii("\",\"erased\":true}\n");
    private static final byte[] END = ascii("\"}\n");
    private static final int MINUTE_CHARACTERS = "2026-11-26T14:44:".length();

    /** For each byte: whether it is ASCII that needs no escape in a string. */
    private static final boolean[] PLAIN = new boolean[256];

    static {
        Arrays.fill(PLAIN, ' ', 0x7f, true);
        PLAIN['"'] = false;
        PLAIN['\\'] = false;
    }

    private final boolean hasReceipt;
    private byte[] bytes = {};
    private int start;
    private int at;
    private int end;
    private long receipt;
    private int timeStart;
    private int timeEnd;
    private long micros;
    private int idStart;
    private int idEnd;
    private int part;
    private int parts;
    private int textStart;
    private byte[] minute = {}; // the last minute: most lines have the same, which saves the calendar arithmetic
    private long minuteMicros;

    /** One of a file. */
    public LogLine() {
        this(true);
    }

    /** @param hasReceipt false in a record of Kafka, whose place is the receipt */
    public LogLine(boolean hasReceipt) {
        this.hasReceipt = hasReceipt;
    }

    /** Whether a line that a server writes begins here, and ends with a newline before {@code to}. */
    public boolean parse(byte[] buffer, int from, int to) {
        bytes = buffer;
        start = from;
        at = from;
        end = to;
        part = 1;
        parts = 1;
        idStart = 0;
        idEnd = 0;
        receipt = !hasReceipt ? 1 : skip(RECEIPT) ? skipNumber(18) : -1;
        if (hasReceipt && (at == end || bytes[at] != '"')) {
            receipt = -1;
        }
        if (receipt <= 0 || !skip(hasReceipt ? TIME : TIME_FIRST) || !skipTime()) {
            return false;
        }
        if (skip(ERASED)) {
            return true;
        }
        boolean hasMembers =
                skip(ID) && skipId() && (!skip(KEY) || skipString()) && (!skip(PART) || skipPart()) && skip(MESSAGE);
        textStart = at;
        return hasMembers && skipString() && skip(END);
    }

    /** After its newline, in the buffer. */
    public int next() {
        return at;
    }

    /** Also of a line whose rest is damaged; below 1 where it has none. */
    public long receipt() {
        return receipt;
    }

    public String time() {
        return new String(bytes, timeStart, timeEnd - timeStart, US_ASCII);
    }

    /** When it was taken: microseconds since 1970. */
    public long micros() {
        return micros;
    }

    public boolean isErased() {
        return idStart == idEnd;
    }

    /** Whose the message is; empty where it was erased. */
    public Optional<String> id() {
        return isErased() ? Optional.empty() : Optional.of(new String(bytes, idStart, idEnd - idStart, US_ASCII));
    }

    /** Whether it is a message of this id, or was one before its end was torn off or damaged. */
    public boolean isOf(byte[] id) {
        return idEnd < end && bytes[idEnd] == '"' && Arrays.equals(bytes, idStart, idEnd, id, 0, id.length);
    }

    /** Its number in the request, from 1 on. */
    public int part() {
        return part;
    }

    /** How many the request has. */
    public int parts() {
        return parts;
    }

    /** The message as the log's JSON has it, but for quotes: no control character in it can drive a terminal. */
    public String escapedText() {
        return new String(bytes, textStart, at - END.length - textStart, UTF_8).replace("\\\"", "\"");
    }

    public void writeTo(OutputStream target) throws IOException {
        target.write(bytes, start, at - start);
    }

    /** Writes the line with its receipt and time, and without the message. */
    public void writeErased(OutputStream target) throws IOException {
        target.write(bytes, start, timeEnd - start);
        target.write(ERASED);
    }

    /** Whether it is the same line as another, one of which may have been erased since. */
    public boolean isSame(LogLine other) {
        return Arrays.equals(bytes, start, at, other.bytes, other.start, other.at)
                || (isErased() || other.isErased()) && receipt == other.receipt && micros == other.micros;
    }

    /** After the next newline; 0 where there is none. */
    public static int endOfLine(byte[] buffer, int from, int to) {
        for (int i = from; i < to; i++) {
            if (buffer[i] == '\n') {
                return i + 1;
            }
        }
        return 0;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    /** Skips these bytes, if they come next. */
    private boolean skip(byte[] expected) {
        int next = at + expected.length;
        if (next > end || !Arrays.equals(bytes, at, next, expected, 0, expected.length)) {
            return false;
        }
        at = next;
        return true;
    }

    /** Parses a number without leading zeros; -1 if there are no digits, or too many. */
    private long skipNumber(int maxDigits) {
        long value = 0;
        int first = at;
        while (at < end && bytes[at] >= '0' && bytes[at] <= '9' && at - first < maxDigits) {
            value = value * 10 + bytes[at++] - '0';
        }
        return at == first || bytes[first] == '0' ? -1 : value;
    }

    private boolean skipTime() {
        timeStart = at;
        int seconds = at + MINUTE_CHARACTERS;
        if (seconds + 3 > end || !readMinute(seconds)) {
            return false;
        }
        int second = (bytes[seconds] - '0') * 10 + bytes[seconds + 1] - '0';
        if (bytes[seconds] < '0' || bytes[seconds + 1] < '0' || bytes[seconds + 1] > '9' || second > 59) {
            return false;
        }
        at = seconds + 2;
        int fraction = 0;
        int digits = 0;
        if (bytes[at] == '.') {
            for (at++; at < end && bytes[at] >= '0' && bytes[at] <= '9' && digits < 6; digits++) {
                fraction = fraction * 10 + bytes[at++] - '0';
            }
        }
        for (; digits < 6; digits++) {
            fraction *= 10; // three digits, from an earlier version
        }
        micros = minuteMicros + second * 1_000_000L + fraction;
        timeEnd = at + 1;
        return at < end && bytes[at++] == 'Z';
    }

    private boolean readMinute(int seconds) {
        if (Arrays.equals(bytes, at, seconds, minute, 0, minute.length)) {
            return true;
        }
        String time = new String(bytes, at, MINUTE_CHARACTERS, US_ASCII) + "00Z";
        try {
            minuteMicros = LineText.micros(Instant.parse(time));
        } catch (DateTimeException e) {
            return false;
        }
        minute = Arrays.copyOfRange(bytes, at, seconds);
        return true;
    }

    private boolean skipId() {
        idStart = at;
        while (at < end && ClientId.isAllowed((char) bytes[at])) {
            at++;
        }
        idEnd = at;
        return idEnd > idStart && idEnd - idStart <= ClientId.MAX_LENGTH;
    }

    private boolean skipPart() {
        part = (int) skipNumber(4);
        if (part < 1 || at == end || bytes[at++] != '/') {
            return false;
        }
        parts = (int) skipNumber(4);
        return part <= parts && parts > 1;
    }

    /** Moves to the quote after a string, which must be UTF-8, escaped as {@link LineText} does. */
    private boolean skipString() {
        byte[] buffer = bytes; // a local: this loop sees each byte
        int next = at;
        while (next < end && PLAIN[buffer[next] & 0xff]) {
            next++;
        }
        if (next < end && buffer[next] == '"') {
            at = next;
            return true;
        }
        while (next < end && buffer[next] != '"') {
            next += buffer[next] == '\\' ? 2 : 1;
        }
        if (next >= end) {
            return false;
        }
        try {
            String text = UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(buffer, at, next - at))
                    .toString();
            at = next;
            return LineText.escape(LineText.unescape(text)).equals(text);
        } catch (CharacterCodingException | IllegalArgumentException e) {
            return false;
        }
    }
}
