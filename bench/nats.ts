export async function benchNats() { return []; }
