package dev.countersign.client;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * An id and its code kept between runs: one JSON object, {@code {"id":"…","code":"…"}}, that its owner alone can read.
 *
 * <p>The file comes into being whole and on disk, or not at all.
 */
final class CredentialsFile {

    /** Registers an id; called once the folder is known to take what comes of it. */
    interface Registration {
        Credentials register() throws CountersignException;
    }

    private static final Set<PosixFilePermission> OF_OTHERS =
            EnumSet.range(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_EXECUTE);

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
    Credentials readOrMake(Registration registration) throws IOException, CountersignException {
        return Files.exists(file) ? read() : make(registration);
    }

    private Credentials read() throws IOException {
        if (hasPermissions() && !Collections.disjoint(OF_OTHERS, Files.getPosixFilePermissions(file))) {
            throw new IOException(file + " is open to others: chmod 600 it");
        }
        Members members = Members.parse(Files.readAllBytes(file));
        return members.text("id")
                .flatMap(id -> members.text("code").map(code -> new Credentials(id, code)))
                .orElseThrow(() -> new IOException(file + " holds no id and code: remove it to register anew"));
    }

    private Credentials make(Registration registration) throws IOException, CountersignException {
        Path draft = draft();
        try {
            Credentials credentials = registration.register();
            JsonObject json = new JsonObject();
            json.addProperty("id", credentials.id());
            json.addProperty("code", credentials.code());
            Files.writeString(draft, json + "\n", StandardOpenOption.SYNC);
            Files.move(draft, file);
            return credentials;
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** Made before the registration: a folder that can't be written to must not cost an id. */
    private Path draft() throws IOException {
        try {
            return Files.createTempFile(file.getParent(), ".credentials", null); // its owner's only, as all of its kind
        } catch (IOException e) {
            throw new IOException("can't make a file in " + file.getParent() + ": choose another folder", e);
        }
    }

    private boolean hasPermissions() {
        return file.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
