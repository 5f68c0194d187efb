package dev.countersign.core;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens real files, on a disk that is full, fails or stalls when it is told to. */
final class FaultyDisk {

    private final AtomicInteger flushes = new AtomicInteger();
    private final Semaphore stalled = new Semaphore(0);
    private volatile long room = Long.MAX_VALUE;
    private volatile Optional<String> flushFailure = Optional.empty();
    private volatile CountDownLatch flushGate = new CountDownLatch(0);

    FileChannel open(Path file) throws IOException {
        return new Channel(FileChannel.open(file, READ, WRITE));
    }

    /** From now on there is room for so many bytes. */
    void fillUpAfter(long bytes) {
        room = bytes;
    }

    void failFlushes() {
        failFlushes("Input/output error");
    }

    void failFlushes(String reason) {
        flushFailure = Optional.of(reason);
    }

    /** From now on a flush takes until {@link #letFlushesGo} or {@link #mend}. */
    void stallFlushes() {
        flushGate = new CountDownLatch(1);
    }

    void awaitStalledFlush() throws InterruptedException {
        stalled.acquire();
    }

    void letFlushesGo() {
        flushGate.countDown();
    }

    void mend() {
        room = Long.MAX_VALUE;
        flushFailure = Optional.empty();
        letFlushesGo();
    }

    int flushes() {
        return flushes.get();
    }

    private void flush(FileChannel file, boolean metaData) throws IOException {
        if (flushGate.getCount() > 0) {
            stalled.release();
        }
        try {
            flushGate.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        if (flushFailure.isPresent()) {
            throw new IOException(flushFailure.get());
        }
        file.force(metaData);
        flushes.incrementAndGet();
    }

    private int write(FileChannel file, ByteBuffer source, long position) throws IOException {
        int length = (int) Math.min(source.remaining(), room);
        if (length == 0 && source.hasRemaining()) {
            throw new IOException("No space left on device");
        }
        int written = file.write(source.slice(source.position(), length), position);
        source.position(source.position() + written);
        room -= written;
        return written;
    }

    private final class Channel extends FileChannel {

        private final FileChannel file;

        Channel(FileChannel file) {
            this.file = file;
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            return FaultyDisk.this.write(file, source, position);
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            int written = write(source, file.position());
            file.position(file.position() + written);
            return written;
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
            long written = 0;
            for (ByteBuffer source : sources) {
                written += write(source);
            }
            return written;
        }

        @Override
        public void force(boolean metaData) throws IOException {
            flush(file, metaData);
        }

        @Override
        public int read(ByteBuffer target) throws IOException {
            return file.read(target);
        }

        @Override
        public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
            return file.read(targets, offset, length);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return file.read(target, position);
        }

        @Override
        public long position() throws IOException {
            return file.position();
        }

        @Override
        public FileChannel position(long position) throws IOException {
            file.position(position);
            return this;
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public FileChannel truncate(long size) throws IOException {
            file.truncate(size);
            return this;
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
            return file.transferTo(position, count, target);
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException("would not be counted");
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException("would not be counted");
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) throws IOException {
            return file.lock(position, size, shared);
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) throws IOException {
            return file.tryLock(position, size, shared);
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }
    }
}
