package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Messages;
import dev.countersign.core.RequestKey;
import java.util.List;
import java.util.Optional;

/** Requests to log, as tests write them. */
final class Requests {

    private Requests() {}

    static Request message(ClientId id, Optional<RequestKey> key, String text) {
        return Request.of(new Messages(id, key, List.of(text), false));
    }

    static Request messages(ClientId id, Optional<RequestKey> key, List<String> texts) {
        return Request.of(new Messages(id, key, texts, true));
    }

    static long firstReceipt(Appended.Logged logged) {
        return Long.parseLong(logged.receipts().get(0));
    }
}
