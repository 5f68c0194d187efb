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
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
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
 * The folder of one server, with {@code data/} and {@code logs/}. Missing folders are created; only their owner can
 * read them. While the home is open, a lock keeps other servers out.
 *
 * <p>The operating system holds the lock, so a killed server does not leave it behind.
 */
public final class Home implements Closeable {

    /**
     * A process that closes ANY channel of a file releases its lock on it, fcntl(2): so no lock file is opened twice.
     */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    /** The encoding of file names and arguments, from LC_ALL, LC_CTYPE or LANG. */
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
     * As {@link #open(Path)}, by a name from the command line.
     *
     * @throws StartupException also if the name is not a valid path
     */
    public static Home open(String name) {
        try {
            return open(Path.of(name));
        } catch (InvalidPathException e) {
            throw unusable(name, e.getReason());
        }
    }

    /** @throws StartupException if a folder can't be created or written, or another server uses the home */
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
            Path lockFile = home.resolve("data/lock").toRealPath(); // the same for all symbolic links to it
            return new Home(home, isNew, lockFile, lock(home, lockFile));
        } catch (IOException e) {
            throw new StartupException(
                    "can't write in " + home + ": " + reason(e)
                            + ". Give this user write permission and disk space, or choose another folder with --home.",
                    e);
        }
    }

    /**
     * Refuses a name that would lead to another folder: Java replaces characters that the locale's encoding can't
     * express, and SQLite always takes names as UTF-8. Windows has Unicode names.
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
                + "). Set LC_ALL=C.UTF-8, or start in a folder with an ASCII name, and choose one with an ASCII"
                + " name with --home.");
    }

    /**
     * Checks the working folder. If the locale's encoding can't express its name, Java uses another folder, and Java 17
     * fails to load some of its own classes.
     *
     * @throws StartupException if the name can't be expressed
     */
    public static void requireUsableWorkingFolder() {
        requireExpressible(System.getProperty("user.dir"));
    }

    public Path database() {
        return database(folder);
    }

    /** The database of a home that is not open. */
    public static Path database(Path home) {
        return home.resolve("data/countersign.db");
    }

    /** Whether the folder is a server's home, and this user can read it. */
    public static boolean isReadable(Path folder) {
        return Files.isReadable(folder.resolve("data/lock"));
    }

    public Path folder() {
        return folder;
    }

    public Path operatorSocket() {
        return operatorSocket(folder);
    }

    /** The socket for the operator's commands, of a home that is not open. */
    public static Path operatorSocket(Path home) {
        return home.resolve("data/operator.sock");
    }

    /** The journal, which makes messages durable before they are in the log. */
    public Path journal() {
        return folder.resolve("data/messages.journal");
    }

    public Path messageLog() {
        return messageLog(folder);
    }

    /** The message log of a home that is not open. */
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
     * Lets the group of this user read the existing logs, and enter the home if this object created it.
     *
     * @throws StartupException if the permissions can't be set
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
                LoggerFactory.getLogger(Home.class) // not static: commands need no log, and would wait for its start
                        .warn("the group can't read the logs, because it can't enter {}: chmod g+x {}", folder, folder);
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
            return; // another server may use the folder by now
        }
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the lock was not given back", e);
        } finally {
            HELD_HERE.remove(lockFile);
        }
    }

    /**
     * Creates an empty file that only its owner can read, if there is none. SQLite gives its other files the same
     * rights.
     */
    public static void createFile(Path file) throws IOException {
        try {
            createNewFile(file);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isRegularFile(file)) {
                throw new IOException(file.getFileName() + " is not a file", e);
            }
        }
        flushFolder(file.getParent()); // even if it exists: an earlier start may have been killed before the flush
    }

    /** Creates an empty file that only its owner can read. */
    public static void createNewFile(Path file) throws IOException {
        Files.createFile(file, ownerOnly(file, "rw-------"));
    }

    /** Creates a folder that only its owner can read, and missing folders above it. */
    public static void createFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            createFolder(folder.getParent());
            Files.createDirectories(folder, ownerOnly(folder, "rwx------"));
            flushFolder(folder.getParent());
        }
    }

    /** A new name survives a power cut only when its folder is on disk, too. */
    public static void flushFolder(Path folder) throws IOException {
        if (!isWindows()) { // it can't open folders, and keeps names in its journal
            try (FileChannel channel = FileChannel.open(folder, READ)) {
                flushFolder(channel);
            }
        }
    }

    /** Some file systems can't flush a folder and fail with EINVAL or EBADF, fsync(2); other failures count. */
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
            if (channel.tryLock(Long.MAX_VALUE - 1, 1, false) == null) { // behind the text, so that others can read it
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
                "another server uses " + home + ": " + holder + ". Stop it, or choose another folder with --home.");
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(64);
        channel.read(text, 0);
        return UTF_8.decode(text.flip()).toString();
    }

    /** The cause of a failure, for people to read: the message of some exceptions is only the path. */
    public static String reason(Throwable e) {
        String kind = e instanceof NoSuchFileException
                ? "no such file:"
                : e instanceof AccessDeniedException
                        ? "permission denied:"
                        : e.getClass().getSimpleName();
        return kind + " " + e.getMessage();
    }
}
