-- One row an event. `body` is the event as JSON; the other columns only find it.
CREATE TABLE events (
    call_id TEXT NOT NULL,
    seq     INTEGER NOT NULL CHECK (seq > 0),
    at      TEXT NOT NULL,
    type    TEXT NOT NULL,
    body    TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (call_id, seq)
) STRICT;

CREATE INDEX events_by_type ON events (type, call_id);

-- The log is only ever added to.
CREATE TRIGGER events_stay BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'the event log is only added to'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'the event log is only added to'); END;
