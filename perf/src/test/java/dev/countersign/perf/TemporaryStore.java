package dev.countersign.perf;

import dev.countersign.core.Home;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Registry;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.Sync;
import dev.countersign.core.store.Store;
import dev.countersign.perf.capacity.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The server's store on a folder that goes with it, under {@code target}: on the disk that is to be measured. */
public final class TemporaryStore implements AutoCloseable {
    private final Path home;
    private final List<Credential> registered;
    private final Store store;

    private TemporaryStore(Path home, List<Credential> registered, Store store) {
        this.home = home;
        this.registered = registered;
        this.store = store;
    }

    /** With {@code registrations} clients in its table, none of them in its cache. */
    public static TemporaryStore open(int registrations, Sync sync) throws IOException {
        Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "store");
        List<Credential> registered = Seed.registrations(home, registrations);
        return new TemporaryStore(
                home, registered, Store.open(Home.open(home), settings(sync), Runnable::run, Runnable::run));
    }

    public static StoreSettings settings(Sync sync) {
        StoreSettings all = StoreSettings.defaults();
        return new StoreSettings(
                all.database(),
                all.topic(),
                sync,
                all.queueSize(),
                all.queueMemoryBytes(),
                all.rememberedKeys(),
                all.log());
    }

    public Registry registry() {
        return store.registry();
    }

    public MessageLog messageLog() {
        return store.messageLog();
    }

    List<Credential> registered() {
        return registered;
    }

    @Override
    public void close() throws IOException {
        store.close();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
