/** An answer by RFC 9457. */
export function problem(status: number, detail: string): Response {
  return new Response(JSON.stringify({ status, title: detail, detail }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}
