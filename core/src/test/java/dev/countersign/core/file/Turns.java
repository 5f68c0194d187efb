package dev.countersign.core.file;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Runs the threads of a group by turns, in an order drawn from a seed. A thread that has its turn runs until it asks for
 * the next, parks, waits for a lock, or ends; only then another is chosen. To one that is parked for a time, a turn means
 * that the time is over.
 *
 * <p>A thread that another has just woken may run beside the next one until it asks for a turn: what happens between two
 * turns is not drawn from the seed.
 */
final class Turns {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final int MAX_TURNS = 20_000;

    private final ThreadGroup group;
    private final Random random;
    private final List<Thread> waiting = new ArrayList<>();
    private Optional<Thread> chosen = Optional.empty();
    private Optional<ThreadInfo> unparked = Optional.empty(); // the last one whose time was said to be over
    private boolean over;

    Turns(ThreadGroup group, Random random) {
        this.group = group;
        this.random = random;
    }

    /** Waits until it is this thread's turn; a thread of another group goes on at once. */
    synchronized void await() {
        Thread self = Thread.currentThread();
        if (self.getThreadGroup() != group) {
            return;
        }
        waiting.add(self);
        while (!over && !chosen.equals(Optional.of(self))) {
            try {
                wait();
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts these threads", e);
            }
        }
        waiting.remove(self);
        chosen = Optional.empty();
    }

    /** Gives turns until all threads of the group have ended; returns false where they hang. */
    boolean giveAll() {
        long sinceNanos = System.nanoTime();
        for (int turns = 0; turns < MAX_TURNS && System.nanoTime() - sinceNanos < PATIENCE_NANOS; ) {
            List<Thread> threads = threads();
            if (threads.isEmpty()) {
                return true;
            }
            if (giveOne(threads)) {
                turns++;
            } else {
                Thread.yield();
            }
        }
        synchronized (this) {
            over = true; // lets go on who can
            notifyAll();
        }
        return false;
    }

    /** Gives a turn if no thread runs; false where one does, or none can have a turn. */
    private synchronized boolean giveOne(List<Thread> threads) {
        if (chosen.isPresent()
                || unparked.filter(Turns::isParkedYet).isPresent()
                || !threads.stream().allMatch(Turns::isQuiet)) {
            return false;
        }
        List<Thread> candidates = threads.stream()
                .filter(each -> waiting.contains(each) || each.getState() == Thread.State.TIMED_WAITING)
                .sorted(Comparator.comparing(Thread::getName))
                .toList();
        if (candidates.isEmpty()) {
            return false;
        }
        Thread next = candidates.get(random.nextInt(candidates.size()));
        if (waiting.contains(next)) {
            chosen = Optional.of(next);
            notifyAll();
        } else {
            unparked = Optional.ofNullable(THREADS.getThreadInfo(next.getId()));
            LockSupport.unpark(next);
        }
        return true;
    }

    /** On a busy machine a thread may not have run for long after it was unparked; it counts as parked until then. */
    private static boolean isParkedYet(ThreadInfo before) {
        ThreadInfo now = THREADS.getThreadInfo(before.getThreadId());
        return now != null && now.getWaitedCount() == before.getWaitedCount();
    }

    private static boolean isQuiet(Thread thread) {
        return switch (thread.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            default -> false;
        };
    }

    private List<Thread> threads() {
        Thread[] found = new Thread[16];
        return Stream.of(Arrays.copyOf(found, group.enumerate(found))).toList();
    }
}
