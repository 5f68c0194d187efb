package dev.countersign.core.file;

import dev.countersign.core.file.Recording.Kind;
import dev.countersign.core.file.Recording.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Does on a {@link PowerCutDisk}, step by step, what a {@link Recording} has. */
final class Replay {

    private final Recording recording;
    private final Predicate<String> leftOut;
    private final PowerCutDisk disk;
    private final Map<Integer, PowerCutDisk.MemoryHandle> open = new HashMap<>();
    private final Map<Integer, Boolean> appends = new HashMap<>();
    private final Map<Integer, Long> lastChanges = new HashMap<>(); // by the step at which a flush begins
    private final Map<Integer, PowerCutDisk.MemoryHandle> flushing = new HashMap<>();
    private final Set<Path> emptiedMeanwhile = new HashSet<>(); // while it was written to
    private boolean isStarting = true;

    /** @param leftOut flushes that do nothing, by {@link #flush} */
    Replay(Recording recording, long seed, Predicate<String> leftOut) {
        this.recording = recording;
        this.leftOut = leftOut;
        disk = new PowerCutDisk(new Random(seed));
    }

    PowerCutDisk disk() {
        return disk;
    }

    void take(int number) throws IOException {
        Step step = recording.steps().get(number);
        switch (step.kind()) {
            case OPEN -> open(number, step);
            case FOLDER -> disk.create(step.path());
            case WRITE -> write(step);
            case TRUNCATE -> open.get(step.file()).truncate(step.offset());
            case RENAME -> {
                if (disk.stat(step.secondName()).isPresent()) {
                    disk.delete(step.secondName());
                }
                disk.rename(step.path(), step.secondName());
                if (emptiedMeanwhile.remove(step.path())) {
                    emptiedMeanwhile.add(step.secondName());
                }
            }
            case DELETE -> disk.delete(step.path());
            case FLUSH_BEGINS -> {
                lastChanges.put(number, disk.lastChange());
                if (open.containsKey(step.file())) {
                    flushing.put(number, open.get(step.file()));
                }
            }
            case FLUSHED, FLUSH_FAILED -> flushed(step);
            case ANSWER -> isStarting = false;
        }
    }

    private void open(int number, Step step) throws IOException {
        boolean isFolder = step.path().equals(recording.home())
                || step.path().equals(recording.data())
                || step.path().equals(recording.logs());
        open.remove(step.file());
        if (!isFolder) {
            if (disk.stat(step.path()).isEmpty()) {
                disk.create(step.path());
            }
            PowerCutDisk.MemoryHandle handle = disk.open(step.path(), Disk.Mode.POSITIONED);
            if (step.arguments().contains("O_TRUNC")) {
                handle.truncate(0);
                if (isWrittenMeanwhile(number, step)) {
                    emptiedMeanwhile.add(step.path());
                }
            }
            open.put(step.file(), handle);
            appends.put(step.file(), step.arguments().contains("O_APPEND"));
        }
    }

    /** Whether a write to the file was under way, too: which of the two came first is unknown. */
    private boolean isWrittenMeanwhile(int number, Step emptying) {
        List<Step> steps = recording.steps();
        return IntStream.range(emptying.begin(), steps.size())
                .filter(i -> i < number || steps.get(i).begin() <= number)
                .mapToObj(steps::get)
                .anyMatch(each -> each.kind() == Kind.WRITE && each.path().equals(emptying.path()));
    }

    private void write(Step step) throws IOException {
        PowerCutDisk.MemoryHandle handle = open.get(step.file());
        if (step.offset() >= 0) {
            handle.write(ByteBuffer.wrap(step.bytes()), step.offset());
        } else if (appends.get(step.file())) {
            handle.append(ByteBuffer.wrap(step.bytes()));
        } else {
            throw new IllegalStateException("where it writes isn't known: " + step);
        }
    }

    private void flushed(Step step) {
        if (!leftOut.test(flush(step))) {
            PowerCutDisk.MemoryHandle handle = flushing.get(step.begin());
            boolean hasFailed = step.kind() == Kind.FLUSH_FAILED;
            if (handle != null) {
                handle.flushed(lastChanges.get(step.begin()), hasFailed);
            } else if (!hasFailed) {
                disk.folderFlushed(step.path(), lastChanges.get(step.begin()));
            }
        }
    }

    /** Which of the flushes it is, those of a start apart from those after the first answer. */
    String flush(Step step) {
        String name = step.path().getFileName().toString().replaceAll("-\\d+.*", "");
        return (isStarting ? "start:" : "") + (step.path().equals(recording.home()) ? "home" : name);
    }

    /**
     * Ends a life: the files must be the same as in a copy of the home that was made then. What differs after a kill is
     * of calls that did not return, and of a file that somebody emptied while it was written to, of the order of the two;
     * it is as the copy has it, and not flushed.
     */
    void endLife(Map<Path, byte[]> files, boolean wasKilled) throws IOException {
        for (Path folder : new Path[] {recording.data(), recording.logs()}) {
            for (Path path : disk.list(folder)) {
                if (!files.containsKey(path)) {
                    LeftLines.expect(wasKilled, () -> path + " is not in the home");
                    disk.delete(path);
                }
            }
        }
        for (Map.Entry<Path, byte[]> file : files.entrySet()) {
            boolean isThere = disk.stat(file.getKey()).isPresent();
            if (!isThere || !Arrays.equals(disk.read(file.getKey()), file.getValue())) {
                LeftLines.expect(
                        wasKilled || emptiedMeanwhile.contains(file.getKey()),
                        () -> file.getKey() + " is not as in the home");
                copy(file.getKey(), file.getValue());
            }
        }
        open.clear();
        emptiedMeanwhile.clear();
        isStarting = true;
    }

    private void copy(Path path, byte[] bytes) throws IOException {
        if (disk.stat(path).isEmpty()) {
            disk.create(path);
        }
        PowerCutDisk.MemoryHandle handle = disk.open(path, Disk.Mode.POSITIONED);
        byte[] before = disk.read(path);
        handle.truncate(bytes.length);
        for (int at = 0; at < bytes.length; at += PowerCutDisk.PAGE_BYTES) {
            int end = Math.min(at + PowerCutDisk.PAGE_BYTES, bytes.length);
            if (end > before.length || !Arrays.equals(before, at, end, bytes, at, end)) {
                handle.write(ByteBuffer.wrap(bytes, at, end - at), at);
            }
        }
    }
}
