package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.nio.file.attribute.PosixFilePermission.GROUP_EXECUTE;
import static java.nio.file.attribute.PosixFilePermission.GROUP_READ;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * The folder that one server owns: {@code data/} and {@code logs/} in it, made where they are missing, readable by
 * their owner only, and locked against a second server for as long as this is open.
 *
 * <p>The lock is the operating system's, so a killed server leaves none behind.
 */
public final class Home implements Closeable {

    /** A process that closes ANY channel of a file gives its lock on it back, fcntl(2): so none is opened twice. */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    /** Of names of files and of arguments: what LC_ALL, LC_CTYPE or LANG says. */
    private static final String NAME_ENCODING = System.getProperty("sun.jnu.encoding", "UTF-8");

    private final Path folder;
    private final boolean isNew;
    private final Path lockFile;
    private final FileChannel lock;

    private Home(Path folder, boolean isNew, Path lockFile, FileChannel lock) {
        this.folder = folder;
        this.isNew = isNew;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * As {@link #open(Path)}, by a name as somebody typed it.
     *
     * @throws StartupException also where it is no name of a folder
     */
    public static Home open(String name) {
        Path folder;
        try {
            folder = Path.of(name);
        } catch (InvalidPathException e) {
            throw unusable(name, e.getReason());
        }
        return open(folder);
    }

    /** @throws StartupException where a folder can't be made or written, or another server holds it */
    public static Home open(Path folder) {
        requireUsableWorkingFolder();
        requireExpressible(folder.toString());
        Path home = folder.toAbsolutePath().normalize();
        boolean isNew = !Files.exists(home);
        try {
            createFolder(home);
            createFolder(home.resolve("data"));
            createFolder(home.resolve("logs"));
            createFile(home.resolve("logs/server.log"));
            createFile(home.resolve("data/lock"));
            Path lockFile = home.resolve("data/lock").toRealPath(); // by whatever symbolic links it was reached
            return new Home(home, isNew, lockFile, lock(home, lockFile));
        } catch (IOException e) {
            throw new StartupException(
                    "can't write in " + home + ": " + reason(e)
                            + ". Give this user the right to write and the disk room, or choose another folder with --home.",
                    e);
        }
    }

    /**
     * Refuses a name that would be another folder's: what the locale's encoding can't express, Java replaces, and SQLite
     * takes names as UTF-8 whatever the locale is. Windows knows names as Unicode.
     */
    private static void requireExpressible(String name) {
        boolean isSafe = NAME_ENCODING.equals("UTF-8")
                ? name.indexOf('\uFFFD') < 0
                : name.chars().allMatch(c -> c < 128);
        if (!isSafe && !isWindows()) {
            throw unusable(name, "its name has a character that can't be expressed");
        }
    }

    private static StartupException unusable(String name, String reason) {
        return new StartupException("can't use the folder " + name + ": " + reason + " (the locale's encoding is "
                + NAME_ENCODING
                + "). Set LC_ALL=C.UTF-8, or start in a folder with an ASCII name, and choose such a one"
                + " with --home.");
    }

    /**
     * Where the locale can't express the working folder, Java takes another for it, and Java 17 fails to load classes of
     * its own.
     *
     * @throws StartupException in such a folder
     */
    public static void requireUsableWorkingFolder() {
        requireExpressible(System.getProperty("user.dir"));
    }

    public Path database() {
        return database(folder);
    }

    /** Of a home that is not opened. */
    public static Path database(Path home) {
        return home.resolve("data/countersign.db");
    }

    /** Whether a server made a home of that folder, and this user can read it. */
    public static boolean isReadable(Path folder) {
        return Files.isReadable(folder.resolve("data/lock"));
    }

    public Path folder() {
        return folder;
    }

    public Path operatorSocket() {
        return operatorSocket(folder);
    }

    /** Of a home that is not opened: where its server, while it runs, can be asked and told things by its owner. */
    public static Path operatorSocket(Path home) {
        return home.resolve("data/operator.sock");
    }

    /** What makes messages durable before they are in their log. */
    public Path journal() {
        return folder.resolve("data/messages.journal");
    }

    public Path messageLog() {
        return messageLog(folder);
    }

    /** Of a home that is not opened. */
    public static Path messageLog(Path home) {
        return home.resolve("logs/messages.jsonl");
    }

    /** The server's own, operational log: starts, stops, failures. */
    public Path serverLog() {
        return folder.resolve("logs/server.log");
    }

    /** A line a request, where that is asked for. */
    public Path accessLog() {
        return folder.resolve("logs/access.log");
    }

    /**
     * Lets the group of this user read the logs that are there, and enter the home where this has made it.
     *
     * @throws StartupException where that can't be
     */
    public void letGroupReadLogs() {
        Path logs = folder.resolve("logs");
        try (Stream<Path> files = Files.list(logs)) {
            if (isNew) {
                permit(folder, GROUP_EXECUTE);
            }
            permit(logs, GROUP_READ, GROUP_EXECUTE);
            for (Path each : files.toList()) {
                letGroupRead(each);
            }
            if (!Files.getPosixFilePermissions(folder).contains(GROUP_EXECUTE)) {
                LoggerFactory.getLogger(Home.class) // here: the commands, which need no log, would wait for its start
                        .warn("the group can't read the logs, as it can't enter {}: chmod g+x {}", folder, folder);
            }
        } catch (IOException | UnsupportedOperationException e) {
            throw new StartupException(
                    "can't let the group read " + logs + ": " + reason(e)
                            + ". Make this user the owner, or leave out --group-readable.",
                    e);
        }
    }

    public static void letGroupRead(Path file) throws IOException {
        permit(file, GROUP_READ);
    }

    private static void permit(Path path, PosixFilePermission... more) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
        if (permissions.addAll(List.of(more))) {
            Files.setPosixFilePermissions(path, permissions);
        }
    }

    @Override
    public void close() {
        if (!lock.isOpen()) {
            return; // another may hold the folder by now
        }
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the lock was not given back", e);
        } finally {
            HELD_HERE.remove(lockFile);
        }
    }

    /** Makes an empty file that its owner alone may read, unless it is there; what SQLite adds beside it follows it. */
    public static void createFile(Path file) throws IOException {
        try {
            createNewFile(file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isRegularFile(file)) {
                throw new IOException(file.getFileName() + " is not a file", e);
            }
        }
        flushFolder(file.getParent()); // where it was there, too: a start may have been killed before this
    }

    /** Makes an empty file that its owner alone may read. */
    public static void createNewFile(Path file) throws IOException {
        Files.createFile(file, ownerOnly(file, "rw-------"));
    }

    /** Makes a folder that its owner alone may read, and those above it, unless they are there. */
    public static void createFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            createFolder(folder.getParent());
            Files.createDirectories(folder, ownerOnly(folder, "rwx------"));
            flushFolder(folder.getParent());
        }
    }

    /** A new name outlives a loss of power only once the folder that it stands in is on disk, too. */
    public static void flushFolder(Path folder) throws IOException {
        if (!isWindows()) { // which opens no folder, and keeps names in its journal
            try (FileChannel channel = FileChannel.open(folder, READ)) {
                flushFolder(channel);
            }
        }
    }

    /** Some file systems can't flush a folder and say so by EINVAL or EBADF, fsync(2); another failure is one. */
    static void flushFolder(FileChannel folder) throws IOException {
        try {
            folder.force(true);
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            if (!reason.equals("Invalid argument") && !reason.equals("Bad file descriptor")) {
                throw e;
            }
        }
    }

    private static FileAttribute<?>[] ownerOnly(Path path, String permissions) {
        boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean isWindows() {
        return System.getProperty("os.name").startsWith("Windows");
    }

    private static FileChannel lock(Path home, Path file) throws IOException {
        if (!HELD_HERE.add(file)) {
            throw held(home, "process " + ProcessHandle.current().pid());
        }
        try {
            return lock(home, FileChannel.open(file, READ, WRITE));
        } catch (IOException | RuntimeException e) {
            HELD_HERE.remove(file);
            throw e;
        }
    }

    private static FileChannel lock(Path home, FileChannel channel) throws IOException {
        try {
            if (channel.tryLock(Long.MAX_VALUE - 1, 1, false) == null) { // past the text, so that others may read it
                throw held(home, holder(channel));
            }
            channel.truncate(0);
            channel.write(UTF_8.encode("process " + ProcessHandle.current().pid()));
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static StartupException held(Path home, String holder) {
        return new StartupException(
                "another server holds " + home + ": " + holder + ". Stop it, or choose another folder with --home.");
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        channel.read(text, 0);
        return UTF_8.decode(text.flip()).toString();
    }

    /** With its kind: the message of an AccessDeniedException, say, is the path alone. */
    public static String reason(Throwable e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }
}
