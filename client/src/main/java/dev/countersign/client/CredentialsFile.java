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
 * A file that keeps an id and its code between runs: one JSON object, {@code {"id":"…","code":"…"}}, which only its
 * owner can read.
 *
 * <p>The file appears complete and on disk, or not at all. If several processes want to create it at the same time, one
 * does; the others wait and read it.
 */
final class CredentialsFile {

    /** Makes credentials; called only when the folder is known to be writable. */
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
     * Reads the credentials; if there is no file, registers and creates it.
     *
     * @throws IOException if the file can't be created or read, if others can read it, or if it contains something
     *     else; the message says what to do
     */
    Credentials readOrMake(Source registration) throws IOException, CountersignException {
        return exists() ? read() : alone(() -> exists() ? read() : make(registration));
    }

    /**
     * Gets a new code and replaces the file, complete and on disk. Only one process does so at a time: if two rotated
     * the same code, the first one's new code would be void.
     *
     * @throws IOException as {@link #readOrMake}, and if there is no file
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

    /** A dangling symbolic link counts as existing: a new file can't replace it. */
    private boolean exists() {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private Credentials read() throws IOException {
        if (!Files.exists(file)) {
            throw new IOException(file + " is a dangling symbolic link: remove it, or choose another file");
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException(file + " is not a file: choose another name");
        }
        if (isPosix() && !Collections.disjoint(OF_OTHERS, Files.getPosixFilePermissions(file))) {
            throw new IOException(file + " can be read by others: run chmod 600 on it");
        }
        if (!Files.isReadable(file)) {
            throw new IOException(file + " can't be read by this user: choose another file");
        }
        Members members = Members.parse(Files.readAllBytes(file));
        return members.text("id")
                .flatMap(id -> members.text("code").map(code -> new Credentials(id, code)))
                .orElseThrow(() -> new IOException(file + " has no id and code: remove it to register again"));
    }

    private boolean isPosix() {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /**
     * Works on the file while no other process does. The holder of the lock appends a byte to the lock file and removes
     * it in the end. A process that waited for the lock sees by the length that the file in this place is a new one,
     * and waits for that one.
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
     * Creates the draft before it registers: otherwise a folder that can't be written to would cost an id. The draft
     * always has the same name, so that the next run removes a draft that a killed process left; it may contain a code.
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
            throw new IOException(made.id() + " got a code, but the file can't be written: " + e.getMessage(), e);
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

    /** Replaces the file, complete and on disk: writes a draft and renames it. */
    static void replace(Path file, Path draft, JsonObject json, CopyOption... options) throws IOException {
        Files.writeString(draft, json + "\n", CREATE, TRUNCATE_EXISTING, WRITE, SYNC);
        Files.move(draft, file, options);
        try (FileChannel folder = FileChannel.open(file.getParent())) {
            folder.force(true); // so that a new file's name is on disk, too
        } catch (IOException e) {
            // some file systems can't flush a folder, and some platforms can't open one: the name gets to disk later
        }
    }

    private static IOException unfitFolder(Path file, IOException cause) {
        return new IOException("can't create a file in " + file.getParent() + ": choose another folder", cause);
    }
}
