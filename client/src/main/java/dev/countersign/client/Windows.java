package dev.countersign.client;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keeps the requests of an id within what the server remembers of it: the last 8 with a key, in its own order. A request
 * that has no answer may be logged already and have to be sent again, so no more than 7 others may be logged behind it:
 * those that were under way when it went out, and those since. Safe for use by many threads.
 */
final class Windows {

    private static final int MAX_OTHERS = 7;

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
        while (underWay.getOrDefault(id, List.of()).stream().anyMatch(place -> place.others == MAX_OTHERS)) {
            wait();
        }
        List<Place> places = underWay.computeIfAbsent(id, first -> new ArrayList<>());
        places.forEach(place -> place.others++);
        Place place = new Place(places.size());
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
