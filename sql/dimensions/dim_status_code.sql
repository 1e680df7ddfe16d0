-- Status codes: the registered ones (RFC 9110 and its extensions), those of the facts since {since}, and all that were known
-- before. An error is what the panels count as one: 500 and above (S0-71: 500 → 5xx, is_error 1).
WITH
    [100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401,
     402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428,
     429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511] AS registered,
    ['Continue', 'Switching Protocols', 'Processing', 'Early Hints', 'OK', 'Created', 'Accepted',
     'Non-Authoritative Information', 'No Content', 'Reset Content', 'Partial Content', 'Multi-Status', 'Already Reported',
     'IM Used', 'Multiple Choices', 'Moved Permanently', 'Found', 'See Other', 'Not Modified', 'Use Proxy',
     'Temporary Redirect', 'Permanent Redirect', 'Bad Request', 'Unauthorized', 'Payment Required', 'Forbidden', 'Not Found',
     'Method Not Allowed', 'Not Acceptable', 'Proxy Authentication Required', 'Request Timeout', 'Conflict', 'Gone',
     'Length Required', 'Precondition Failed', 'Content Too Large', 'URI Too Long', 'Unsupported Media Type',
     'Range Not Satisfiable', 'Expectation Failed', 'I''m a Teapot', 'Misdirected Request', 'Unprocessable Content', 'Locked',
     'Failed Dependency', 'Too Early', 'Upgrade Required', 'Precondition Required', 'Too Many Requests',
     'Request Header Fields Too Large', 'Unavailable For Legal Reasons', 'Internal Server Error', 'Not Implemented',
     'Bad Gateway', 'Service Unavailable', 'Gateway Timeout', 'HTTP Version Not Supported', 'Variant Also Negotiates',
     'Insufficient Storage', 'Loop Detected', 'Not Extended', 'Network Authentication Required'] AS descriptions
SELECT
    code AS status_code,
    if(code BETWEEN 100 AND 599, concat(toString(intDiv(code, 100)), 'xx'), 'other') AS status_class,
    toUInt8(code >= 500) AS is_error,
    if(has(registered, code), descriptions[indexOf(registered, code)], NULL) AS description
FROM
(
    SELECT toInt32(arrayJoin(registered)) AS code
    UNION DISTINCT
    SELECT status_code FROM analytics.fact_event WHERE ingest_ts >= {since:DateTime64(3)} GROUP BY status_code
    UNION DISTINCT
    SELECT status_code FROM analytics.dim_status_code
)
ORDER BY status_code
