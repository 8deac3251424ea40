// Loaded into a runtime before anything else: its clock is ahead, so that hours and days pass while
// it is down.
import process from 'node:process';

const aheadMs = Number(process.env['SHIFTED_CLOCK_AHEAD_MS']);
const { now } = Date;
Date.now = () => now() + aheadMs;
