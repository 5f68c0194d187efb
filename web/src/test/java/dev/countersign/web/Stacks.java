package dev.countersign.web;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** What this JVM does, client and server: to tell an answer that never comes from a machine that stands still. */
final class Stacks {

    private static final long TICK_MILLIS = 100;

    private static final AtomicLong LONGEST_PAUSE_MILLIS = new AtomicLong();

    static {
        Thread ticking = new Thread(Stacks::tick, "ticking");
        ticking.setDaemon(true);
        ticking.start();
    }

    private Stacks() {}

    private static void tick() {
        long last = System.nanoTime();
        try {
            while (true) {
                Thread.sleep(TICK_MILLIS);
                long now = System.nanoTime();
                LONGEST_PAUSE_MILLIS.accumulateAndGet((now - last) / 1_000_000 - TICK_MILLIS, Math::max);
                last = now;
            }
        } catch (InterruptedException e) {
            // the end of the JVM
        }
    }

    /** Begins to measure pauses, if not done yet. */
    static void watch() {
        // the class is loaded
    }

    static String ofAllThreads() {
        return "a thread that sleeps " + TICK_MILLIS + " ms at a time was late by " + LONGEST_PAUSE_MILLIS
                + " ms at most\n"
                + Thread.getAllStackTraces().entrySet().stream().map(Stacks::of).collect(Collectors.joining("\n"));
    }

    private static String of(Map.Entry<Thread, StackTraceElement[]> thread) {
        return thread.getKey().getName() + " " + thread.getKey().getState()
                + Arrays.stream(thread.getValue())
                        .map(frame -> "\n    " + frame)
                        .collect(Collectors.joining());
    }
}
