import type Database from 'libsql';

/**
 * What is asked every second, at every reading of the metrics and every hour, on the thread of the audio
 * sockets: none may look at what is done with. Exported for the test of their plans.
 */
export const STANDING_QUERIES = {
  bury: `UPDATE deliveries
    SET state = 'dead', ended_at_ms = ?, last_error = 'the destination is no longer there'
    WHERE state = 'waiting' AND destination NOT IN (SELECT value FROM json_each(?))`,
  count: `SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting') AS waiting,
    (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead,
    (SELECT min(created_at_ms) FROM deliveries JOIN alerts ON id = alert_id
      WHERE state = 'waiting') AS oldest`,
  forget: `DELETE FROM alerts WHERE created_at_ms < ? AND NOT EXISTS (
    SELECT 1 FROM deliveries WHERE alert_id = id AND state IN ('waiting', 'dead'))`,
} as const;

/** Every statement of the alert store. */
export function prepareAll(db: Database.Database) {
  return {
    ...prepareFeedback(db),
    addAlert: db.prepare('INSERT OR IGNORE INTO alerts (id, created_at_ms, body) VALUES (?, ?, ?)'),
    addDelivery: db.prepare(
      `INSERT OR IGNORE INTO deliveries (alert_id, destination, state, next_attempt_at_ms, give_up_at_ms)
       VALUES (?, ?, 'waiting', ?, ?)`,
    ),
    addDecision: db.prepare('INSERT INTO decisions (body) VALUES (?)'),
    // What the operator dropped in the meantime stays dropped; what was buried while it was under way arrived.
    mark: db.prepare(
      `UPDATE deliveries
       SET state = ?1, attempts = attempts + 1,
           next_attempt_at_ms = coalesce(?2, next_attempt_at_ms), last_error = ?3, ended_at_ms = ?4
       WHERE alert_id = ?5 AND destination = ?6
         AND (state = 'waiting' OR (state = 'dead' AND ?1 = 'delivered'))`,
    ),
    logged: db.prepare('DELETE FROM decisions WHERE seq <= ?'),
    due: db.prepare(
      `SELECT a.body, d.attempts, d.give_up_at_ms FROM deliveries d JOIN alerts a ON a.id = d.alert_id
       WHERE d.destination = ? AND d.state = 'waiting' AND d.next_attempt_at_ms <= ?
       ORDER BY d.next_attempt_at_ms, a.created_at_ms LIMIT ?`,
    ),
    nextDue: db.prepare(
      `SELECT min(next_attempt_at_ms) AS at FROM deliveries
       WHERE destination = ? AND state = 'waiting'`,
    ),
    pullIn: db.prepare(
      `UPDATE deliveries SET next_attempt_at_ms = ?, give_up_at_ms = ?
       WHERE state = 'waiting' AND give_up_at_ms > ?`,
    ),
    capWait: db.prepare(
      `UPDATE deliveries SET next_attempt_at_ms = ?
       WHERE state = 'waiting' AND next_attempt_at_ms > ?`,
    ),
    bury: db.prepare(STANDING_QUERIES.bury),
    forget: db.prepare(STANDING_QUERIES.forget),
    // In the order of their age, so that no more are looked at than give way and wait before them.
    giveWay: db.prepare(
      `DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE NOT EXISTS (
         SELECT 1 FROM deliveries WHERE alert_id = id AND state = 'waiting')
         ORDER BY created_at_ms LIMIT ?)`,
    ),
    size: db.prepare('SELECT * FROM pragma_page_count, pragma_max_page_count'),
    decisionsAfter: db.prepare(
      'SELECT seq, body FROM decisions WHERE seq > ? ORDER BY seq LIMIT ?',
    ),
    newestSeq: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'"),
    setSeq: db.prepare(
      "UPDATE sqlite_sequence SET seq = CAST(? AS INTEGER) WHERE name = 'decisions'",
    ),
    addSeq: db.prepare(
      "INSERT INTO sqlite_sequence (name, seq) VALUES ('decisions', CAST(? AS INTEGER))",
    ),
    counts: db.prepare(STANDING_QUERIES.count),
  };
}

function prepareFeedback(db: Database.Database) {
  return {
    addCallAlert: db.prepare('INSERT OR IGNORE INTO call_alerts VALUES (?, ?, ?, ?)'),
    alertOf: db.prepare('SELECT 1 FROM call_alerts WHERE key_name = ? AND call_id = ? LIMIT 1'),
    setOutcome: db.prepare('INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?, ?)'),
    outcomeOf: db.prepare(
      `SELECT outcome, note, reported_at_ms AS wallTimeMs FROM outcomes
       WHERE key_name = ? AND call_id = ?`,
    ),
    // Without its alerts a call whose outcome is still kept would count as one that was missed.
    forgetCalls: db.prepare(
      `DELETE FROM call_alerts WHERE raised_at_ms < ? AND NOT EXISTS (
         SELECT 1 FROM outcomes o WHERE o.key_name = call_alerts.key_name
           AND o.call_id = call_alerts.call_id)`,
    ),
    forgetOutcomes: db.prepare('DELETE FROM outcomes WHERE reported_at_ms < ?'),
  };
}
