package dev.countersign.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sends an id's request n+8 only when n is answered: a request without an answer may be logged already and have to be sent
 * again, and the server must still remember its key by then. It remembers the last 15 of an id in the order it logged
 * them: of those sent side by side, 7 earlier and 7 later ones may come behind one. Safe for use by many threads.
 */
final class Windows {

    private static final int MAX_LATER = 7;

    /** A request under way. */
    static final class Place {
        private int later; // requests that went out after it
    }

    private final Map<String, List<Place>> underWay = new HashMap<>(); // by id; none is empty

    /** Returns once the id's next request may go out. */
    synchronized Place enter(String id) throws InterruptedException {
        while (underWay.getOrDefault(id, List.of()).stream().anyMatch(place -> place.later == MAX_LATER)) {
            wait();
        }
        List<Place> places = underWay.computeIfAbsent(id, first -> new ArrayList<>());
        places.forEach(place -> place.later++);
        Place place = new Place();
        places.add(place);
        return place;
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
