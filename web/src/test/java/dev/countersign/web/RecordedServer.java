package dev.countersign.web;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One life of a server, whose system calls strace records. A shell beside it, recorded too, does what other hands do to
 * the log, and ends it.
 */
final class RecordedServer implements AutoCloseable {

    private static final String CALLS =
            "openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,fdatasync,fsync"
                    + ",sync_file_range,ftruncate,fallocate,copy_file_range,sendfile,rename,renameat,renameat2,link,linkat,unlink"
                    + ",unlinkat,mkdir,mkdirat,mmap";

    /** Of 512 bytes: the journal can't grow beyond its first 2 MiB, so that a short recording goes round it. */
    private static final int LARGEST_FILE_BLOCKS = 4_112;

    private static final int ROLL_BYTES = 64 * 1024; // the least

    private static final String SHELL =
            "ulimit -f %d; \"$@\" < /dev/null & server=$!; while read -r line; do eval \"$line\"; done; wait"
                    .formatted(LARGEST_FILE_BLOCKS);

    private final Path home;
    private final ServerProcess process;
    private boolean isEnded;

    private RecordedServer(Path home, ServerProcess process) {
        this.home = home;
        this.process = process;
    }

    /** Whether strace is installed, knows these options and may trace. */
    static boolean isPossible() throws InterruptedException {
        try {
            return new ProcessBuilder("strace", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", "/dev/null", "true")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Starts one and returns once it listens.
     *
     * @param file that gets the recording
     * @param options more of strace
     */
    static RecordedServer start(Path home, Path file, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(
                List.of("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "4194304", "-e", "signal=none"));
        command.addAll(List.of("-e", "trace=" + CALLS, "-o", file.toString()));
        command.addAll(options);
        command.addAll(List.of("/bin/sh", "-c", SHELL, "sh"));
        command.addAll(ServerProcess.command(
                "--home=" + home,
                "--host=127.0.0.1",
                "--register-port=0",
                "--message-port=0",
                "--roll-size=" + ROLL_BYTES));
        return new RecordedServer(home, ServerProcess.start(new ProcessBuilder(command)));
    }

    Service service() {
        return process.service();
    }

    void renameLog(String to) throws IOException {
        process.tell(
                "mv " + LoggedMessage.file(home) + " " + home.resolve("logs").resolve(to));
    }

    void removeLog() throws IOException {
        process.tell("rm " + LoggedMessage.file(home));
    }

    void emptyLog() throws IOException {
        process.tell(": > " + LoggedMessage.file(home));
    }

    void kill() throws IOException, InterruptedException {
        end("kill -9 $server; wait $server; exit 0");
    }

    void stop() throws IOException, InterruptedException {
        end("kill $server; wait $server; exit 0");
    }

    private void end(String command) throws IOException, InterruptedException {
        process.tell(command);
        isEnded = true;
        if (!process.endsWithin(300_000)) {
            throw new AssertionError("it does not end");
        }
    }

    @Override
    public void close() throws IOException {
        if (!isEnded) {
            process.tell("kill -9 $server; exit 1"); // a tracer that is killed leaves what it traced running
        }
        process.restOfOutput();
        process.close();
    }
}
