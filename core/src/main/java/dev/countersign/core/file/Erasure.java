package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.ClientId;
import dev.countersign.core.Erased;
import dev.countersign.core.Home;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPOutputStream;

/**
 * Removes the texts of one id from the journal and from all files of the log, packed or not. A file that has some is
 * written anew beside the old one, flushed, and renamed over it: a kill or a power cut leaves one or the other. For the
 * thread that also packs and removes; others may rename, pack and remove files meanwhile.
 */
final class Erasure {

    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int MAX_ROUNDS = 20;

    private final Disk disk;
    private final MessageFiles files;
    private final Path folder;
    private final Path unfinished;
    private final byte[] id;
    private final BooleanSupplier stops;
    private final Map<Path, Disk.Stat> seen = new HashMap<>();
    private final Map<Path, String> left = new TreeMap<>(); // with the reason
    private long firstKept; // receipt
    private long erasedMessages;

    /**
     * @param unfinished where a file is written anew
     * @param stops whether it is to end early, and fail
     */
    Erasure(Disk disk, MessageFiles files, Path unfinished, ClientId id, BooleanSupplier stops) {
        this.disk = disk;
        this.files = files;
        folder = unfinished.getParent();
        this.unfinished = unfinished;
        this.id = id.value().getBytes(US_ASCII);
        this.stops = stops;
    }

    /**
     * Erases all that was logged before.
     *
     * @throws UncheckedIOException where it did not end: each message is erased or as it was, and another run goes on
     */
    Erased run(LogWriter messages) {
        try {
            requireGoingOn();
            firstKept = messages.seal();
            disk.delete(unfinished); // a kill may have left it, with any texts
            disk.flushFolder(folder); // or a power cut could bring back a file that was packed or removed before
            for (int round = 1; !isRoundWithoutNews(); round++) {
                if (round == MAX_ROUNDS) {
                    throw new IOException("somebody renames or changes files of the log again and again");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
        return new Erased(erasedMessages, String.join("; ", left.values()));
    }

    /** Looks at the files that are not as they were in the round before; true where there are none. */
    private boolean isRoundWithoutNews() throws IOException {
        boolean isWithoutNews = true;
        List<Path> found = disk.list(folder).stream()
                .filter(file -> file.getFileName().toString().startsWith("messages") && !file.equals(files.log()))
                .sorted()
                .toList();
        left.keySet().retainAll(found);
        for (Path file : found) {
            Optional<Disk.Stat> stat = disk.stat(file);
            if (!StoredFile.isRotated(file)) {
                left.put(file, file.getFileName() + ": by its name it is no file of the log");
            } else if (stat.isPresent() && !stat.get().equals(seen.put(file, stat.get()))) {
                isWithoutNews = false;
                eraseIn(file, stat.get());
            }
        }
        return isWithoutNews;
    }

    private void eraseIn(Path file, Disk.Stat stat) throws IOException {
        left.remove(file);
        long count;
        try {
            count = copy(file, OutputStream.nullOutputStream());
        } catch (IOException e) { // of this file: in the others all is erased
            requireGoingOn();
            left.put(file, file.getFileName() + ": " + Home.reason(e));
            return;
        }
        if (count == 0) {
            return;
        }
        if (disk.freeBytes(folder) - stat.length() < files.settings().keepFreeBytes()) {
            throw new IOException("the disk has no room beyond --keep-free to write " + file.getFileName()
                    + " anew; make room, and erase again");
        }
        try {
            disk.write(unfinished, handle -> {
                OutputStream raw = handle.output();
                try (OutputStream target = new BufferedOutputStream(
                        StoredFile.isPacked(file) ? new GZIPOutputStream(raw, BUFFER_BYTES) : raw, BUFFER_BYTES)) {
                    copy(file, target);
                }
            });
            if (disk.stat(file).equals(Optional.of(stat))) { // else it was renamed, say: the next round finds it
                disk.replace(unfinished, file);
                disk.flushFolder(folder);
                disk.stat(file).ifPresent(now -> seen.put(file, now));
                erasedMessages += count;
            }
        } finally {
            disk.delete(unfinished);
        }
    }

    /** Copies the lines of a file, those of the id erased; returns how many these are. */
    private long copy(Path file, OutputStream target) throws IOException {
        long count = 0;
        try (LogLines lines = new LogLines(disk, file, Disk.Mode.POSITIONED)) {
            while (lines.nextPart() || lines.nextTorn()) {
                requireGoingOn();
                if (lines.line().isOf(id) && lines.line().receipt() < firstKept) {
                    lines.line().writeErased(target);
                    count++;
                } else {
                    lines.writeTo(target);
                }
            }
        }
        return count;
    }

    private void requireGoingOn() throws IOException {
        if (stops.getAsBoolean()) {
            throw new IOException("the server stops; erase again when it runs");
        }
    }
}
