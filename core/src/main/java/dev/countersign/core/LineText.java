package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How times and texts stand in a line of the log. */
public final class LineText {

    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

    private LineText() {}

    public static Instant instant(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    /** RFC 3339 in UTC with six digits of a second. */
    public static String time(long micros) {
        return TIME.format(instant(micros));
    }

    public static long micros(Instant time) {
        return TimeUnit.SECONDS.toMicros(time.getEpochSecond()) + time.getNano() / 1_000;
    }

    /** The tails of a request's lines, each from the quote that ends its time to the newline. */
    public static byte[][] tails(Messages messages) {
        List<String> texts = messages.texts();
        String before = "\",\"id\":\"" + messages.id().value()
                + messages.key()
                        .map(each -> "\",\"key\":\"" + escape(each.value()))
                        .orElse("");
        byte[][] tails = new byte[texts.size()][];
        for (int i = 0; i < tails.length; i++) {
            String part = tails.length > 1 ? "\",\"part\":\"" + (i + 1) + "/" + tails.length : "";
            tails[i] = (before + part + "\",\"message\":\"" + escape(texts.get(i)) + "\"}\n").getBytes(UTF_8);
        }
        return tails;
    }

    /** The text between the quotes of a JSON string, such that no message can end its line or drive a terminal. */
    public static String escape(String text) {
        int plain = 0;
        while (plain < text.length() && isPlain(text.charAt(plain))) {
            plain++;
        }
        if (plain == text.length()) {
            return text; // most texts need no escape
        }
        StringBuilder escaped = new StringBuilder(text.length() + 32).append(text, 0, plain);
        for (int i = plain; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPlain(c)) {
                escaped.append(c);
            } else if (c == '"' || c == '\\') {
                escaped.append('\\').append(c);
            } else {
                escaped.append("\\u").append(HexFormat.of().toHexDigits(c));
            }
        }
        return escaped.toString();
    }

    /**
     * Reverses {@link #escape}.
     *
     * @throws IllegalArgumentException possibly, if this is not an escaped text
     */
    public static String unescape(String escaped) {
        StringBuilder text = new StringBuilder(escaped.length());
        for (int i = 0; i < escaped.length(); i++) {
            char c = escaped.charAt(i);
            if (c == '\\' && escaped.startsWith("u", i + 1)) {
                c = (char) HexFormat.fromHexDigits(escaped, i + 2, Math.min(i + 6, escaped.length()));
                i += 5;
            } else if (c == '\\') {
                i++;
                c = escaped.charAt(i);
            }
            text.append(c);
        }
        return text.toString();
    }

    private static boolean isPlain(char c) {
        if (c < 0x7f) {
            return c >= ' ' && c != '"' && c != '\\';
        }
        return c > 0x9f && c != '\u2028' && c != '\u2029' && !isBidirectionalControl(c); // 7f to 9f: DEL and C1
    }

    /** Unicode's property Bidi_Control: UAX #9, table 1 and 2. */
    private static boolean isBidirectionalControl(char c) {
        return c == '\u061c'
                || c == '\u200e'
                || c == '\u200f'
                || (c >= '\u202a' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }
}
