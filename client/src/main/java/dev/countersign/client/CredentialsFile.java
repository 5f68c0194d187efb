package dev.countersign.client;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * An id and its code kept between runs: one JSON object, {@code {"id":"…","code":"…"}}, that its owner alone can read.
 *
 * <p>The file comes into being whole and on disk, or not at all. Of several processes that want to make it at once one
 * does; the others wait for it and read.
 */
final class CredentialsFile {

    /** Makes credentials; called once the folder is known to take them. */
    interface Source {
        Credentials get() throws IOException, CountersignException;
    }

    private static final Set<PosixFilePermission> OF_OTHERS =
            EnumSet.range(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_EXECUTE);

    private static final FileAttribute<?>[] OWNERS_ONLY = {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    };
    private static final FileAttribute<?>[] NONE = {};

    private final Path file;

    CredentialsFile(Path file) {
        this.file = file.toAbsolutePath();
    }

    /**
     * What the file holds; where there is none, what the registration gives, once a new file holds that.
     *
     * @throws IOException where the file can't be made, can't be read, is open to others, or holds something else; the
     *     message says what to do
     */
    Credentials readOrMake(Source registration) throws IOException, CountersignException {
        return exists() ? read() : alone(() -> exists() ? read() : make(registration));
    }

    /**
     * Puts a new code in place of what the file holds, whole and on disk. One process at a time does: of two that rotate the
     * same code the first one's new code is void.
     *
     * @throws IOException as with {@link #readOrMake}, and where there is no file
     */
    void rotate(CountersignClient client) throws IOException, CountersignException {
        CredentialsFile target = new CredentialsFile(Files.exists(file) ? file.toRealPath() : file);
        target.alone(() -> {
            if (!target.exists()) {
                throw new IOException(file + " does not exist: there is no code to rotate");
            }
            Credentials old = target.read();
            return target.make(() -> client.rotate(old), StandardCopyOption.ATOMIC_MOVE);
        });
    }

    /** A symbolic link to nothing exists, too: a new file can't take its place. */
    private boolean exists() {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private Credentials read() throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(file + " is a symbolic link to nothing: remove it, or choose another file");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is no file: choose another name");
        }
        if (isPosix() && !Collections.disjoint(OF_OTHERS, Files.getPosixFilePermissions(file))) {
            throw new IOException(file + " is open to others: chmod 600 it");
        }
        if (!Files.isReadable(file)) {
            throw new IOException(file + " can't be read by this user: choose another file");
        }
        Members members = Members.parse(Files.readAllBytes(file));
        return members.text("id")
                .flatMap(id -> members.text("code").map(code -> new Credentials(id, code)))
                .orElseThrow(() -> new IOException(file + " holds no id and code: remove it to register anew"));
    }

    private boolean isPosix() {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Works on the file while no other process does. Whoever locks the lock file makes it longer by a byte, and removes it
     * at the end: one who waited knows by its length that the file in its place is another, and waits for that.
     */
    private Credentials alone(Source work) throws IOException, CountersignException {
        Path lockFile = sibling(file, ".lock");
        while (true) {
            try (FileChannel lock = openLock(lockFile)) {
                lock.lock(); // until it is closed
                lock.write(ByteBuffer.allocate(1), lock.size());
                if (lockFile.toFile().length() == lock.size()) {
                    try {
                        return work.get();
                    } finally {
                        Files.deleteIfExists(lockFile);
                    }
                }
            }
        }
    }

    /**
     * The draft is made first: a folder that can't be written to must not cost an id. It has one name, so that the next
     * run removes what a kill has left of it: a code may stand there.
     */
    private Credentials make(Source source, CopyOption... options) throws IOException, CountersignException {
        Path draft = sibling(file, ".new");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, isPosix() ? OWNERS_ONLY : NONE);
        } catch (IOException e) {
            throw unfitFolder(file, e);
        }
        try {
            return keep(source.get(), draft, options);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private Credentials keep(Credentials made, Path draft, CopyOption... options) throws IOException {
        JsonObject json = new JsonObject();
        json.addProperty("id", made.id());
        json.addProperty("code", made.code());
        try {
            replace(file, draft, json, options);
            return made;
        } catch (FileAlreadyExistsException e) {
            return read();
        } catch (IOException e) {
            throw new IOException(made.id() + " has a code, but it can't be kept: " + e.getMessage(), e);
        }
    }

    static Path sibling(Path file, String suffix) {
        return file.resolveSibling("." + file.getFileName() + suffix);
    }

    static FileChannel openLock(Path lockFile) throws IOException {
        try {
            return FileChannel.open(lockFile, CREATE, WRITE, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw unfitFolder(lockFile, e);
        }
    }

    /** Writes a draft that becomes the file, whole and on disk. */
    static void replace(Path file, Path draft, JsonObject json, CopyOption... options) throws IOException {
        Files.writeString(draft, json + "\n", CREATE, TRUNCATE_EXISTING, WRITE, SYNC);
        Files.move(draft, file, options);
        try (FileChannel folder = FileChannel.open(file.getParent())) {
            folder.force(true); // so that a new file's name is on disk, too
        } catch (IOException e) {
            // some file systems flush no folder, and some platforms open none: it gets there in their own time
        }
    }

    private static IOException unfitFolder(Path file, IOException cause) {
        return new IOException("can't make a file in " + file.getParent() + ": choose another folder", cause);
    }
}
