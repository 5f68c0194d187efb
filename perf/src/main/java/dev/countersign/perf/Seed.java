package dev.countersign.perf;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Home;
import dev.countersign.core.Registry;
import dev.countersign.core.Store;
import dev.countersign.core.Sync;
import dev.countersign.perf.Requests.Credential;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Fills the home folder of a server that doesn't run with registrations, through the server's own store. */
final class Seed {
    private static final int AT_ONCE = 10_000;

    private Seed() {}

    /** Registers {@code count} clients with random UUIDs as their ids. */
    static List<Credential> registrations(Path home, int count) throws IOException {
        List<Credential> registered = new ArrayList<>(count);
        try (Store store = Store.open(Home.open(home), Sync.OS, AT_ONCE)) {
            while (registered.size() < count) {
                registered.addAll(register(store.registry(), Math.min(AT_ONCE, count - registered.size())));
            }
        }
        return registered;
    }

    private static List<Credential> register(Registry registry, int count) {
        List<String> ids = new ArrayList<>(count);
        List<CompletableFuture<Optional<Code>>> codes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(UUID.randomUUID().toString());
            codes.add(registry.register(new ClientId(ids.get(i))).toCompletableFuture());
        }
        List<Credential> registered = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            registered.add(
                    new Credential(ids.get(i), codes.get(i).join().orElseThrow().value()));
        }
        return registered;
    }
}
