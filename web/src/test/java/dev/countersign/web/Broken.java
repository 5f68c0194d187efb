package dev.countersign.web;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Stands for a defect of ours: it throws, and its exception knows too much. */
final class Broken extends HttpServlet {

    private static final long serialVersionUID = 1;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) {
        throw new IllegalStateException(Refusals.CANARY + " at dev.countersign.web.Broken in /var/lib/countersign");
    }
}
