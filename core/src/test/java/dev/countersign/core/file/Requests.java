package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.LogSettings;
import dev.countersign.core.Messages;
import dev.countersign.core.RequestKey;
import java.util.List;
import java.util.Optional;

/** Requests to log, as tests write them. */
final class Requests {

    /** On a disk that may be full, a log whose file may have any size, and of which all is kept. */
    static final LogSettings NEVER_ROLLED = new LogSettings(0, Long.MAX_VALUE, false, 0, 0, false, false);

    private Requests() {}

    static Append message(ClientId id, Optional<RequestKey> key, String text) {
        return Append.of(new Messages(id, key, List.of(text), false));
    }

    static Append messages(ClientId id, Optional<RequestKey> key, List<String> texts) {
        return Append.of(new Messages(id, key, texts, true));
    }

    static long firstReceipt(Appended.Logged logged) {
        return Long.parseLong(logged.receipts().get(0));
    }
}
