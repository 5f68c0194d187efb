package dev.countersign.perf.load;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What one run of a JMeter plan does, and which part of it is measured.
 *
 * @param virtualUsers who come again and again; of arrivals, new ones each second
 * @param offered requests a second that the plan asks for; 0 where that is as many as it can
 * @param warmUp of the server at full load, by a run that is not counted
 * @param ramp set apart from what is measured, from the first request on
 * @param steady measured, after the ramp
 * @param properties of the plan, other than its defaults
 */
public record Scenario(
        String name,
        String plan,
        int virtualUsers,
        double offered,
        Duration warmUp,
        Duration ramp,
        Duration steady,
        Map<String, String> properties) {

    private static final double THINK_SECONDS = 7; // 5 to 9
    private static final double REQUESTS = 2.1; // a registration, a message, and one time in ten a wrong code

    /** For JVMs to start and stop, and for the dashboard. */
    private static final Duration AROUND = Duration.ofSeconds(12);

    /** Those of a whole run; the {@code quick} ones take a minute, and show how it works but no more. */
    public static List<Scenario> all(boolean quick) {
        return List.of(closed(51, quick), closed(500, quick), arrivals(51, quick), arrivals(500, quick));
    }

    private static Scenario closed(int virtualUsers, boolean quick) {
        return new Scenario(
                Integer.toString(virtualUsers),
                virtualUsers + ".jmx",
                virtualUsers,
                virtualUsers * REQUESTS / THINK_SECONDS,
                Duration.ofSeconds(quick ? 0 : 15),
                Duration.ofSeconds(quick ? 3 : 10),
                Duration.ofSeconds(quick ? 8 : 180),
                Map.of());
    }

    private static Scenario arrivals(int clientsPerSecond, boolean quick) {
        return new Scenario(
                "arrivals-" + clientsPerSecond,
                "arrivals.jmx",
                clientsPerSecond,
                clientsPerSecond * 2,
                Duration.ofSeconds(quick ? 0 : 15),
                Duration.ofSeconds(quick ? 2 : 15),
                Duration.ofSeconds(quick ? 5 : 60),
                Map.of("clientsPerSecond", Integer.toString(clientsPerSecond)));
    }

    /** What comes before it on its server: users who never wait, as many as keep two cores busy. */
    Scenario warmUpScenario() {
        Map<String, String> hurry =
                Map.of("users", "16", "thinkMillis", "0", "thinkSpreadMillis", "0", "idPrefix", Verifier.WARM_UP);
        return new Scenario("warm-up", "51.jmx", 16, 0, Duration.ZERO, Duration.ZERO, warmUp, hurry);
    }

    /** The plans that stand in for the reference's two charts have one. */
    public boolean hasDashboard() {
        return plan.equals(name + ".jmx");
    }

    /** How long it takes, all in all. */
    public Duration expected() {
        return warmUp.plus(ramp).plus(steady).plus(AROUND);
    }

    /** What JMeter runs: the parts of it, and a second in which nothing is measured. */
    Duration length() {
        return ramp.plus(steady).plusSeconds(1);
    }
}
