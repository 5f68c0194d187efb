package dev.countersign.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Limits how many requests of an id are under way, to what the server remembers of it: its last 15 with a key, in the
 * order it logged them. A request without an answer may be logged already and have to be sent again, so no more than 14
 * others may be logged behind it: those that were under way when it went out, and those since. Safe for use by many
 * threads.
 */
final class Windows {

    private static final int MAX_UNDER_WAY = 8;
    private static final int MAX_OTHERS = 14;

    /** A request under way. */
    static final class Place {
        private int others; // that may be logged behind it

        private Place(int others) {
            this.others = others;
        }
    }

    private final Map<String, List<Place>> underWay = new HashMap<>(); // by id; none is empty

    /** Returns once the id's next request may go out. */
    synchronized Place enter(String id) throws InterruptedException {
        while (isFull(underWay.getOrDefault(id, List.of()))) {
            wait();
        }
        List<Place> places = underWay.computeIfAbsent(id, first -> new ArrayList<>());
        places.forEach(place -> place.others++);
        Place place = new Place(places.size());
        places.add(place);
        return place;
    }

    private static boolean isFull(List<Place> places) {
        return places.size() == MAX_UNDER_WAY || places.stream().anyMatch(place -> place.others == MAX_OTHERS);
    }

    synchronized void leave(String id, Place place) {
        List<Place> places = underWay.get(id);
        places.remove(place);
        if (places.isEmpty()) {
            underWay.remove(id);
        }
        notifyAll();
    }
}
