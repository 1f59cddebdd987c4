// Deploy: saves what is on the canvas as a workflow of the project, and has the server serve it.
import { app } from '../../scripts/app.js'
import { api } from '../../scripts/api.js'

const manager = () => app.extensionManager

function tell(severity, summary, detail) {
  manager().toast.add({ severity, summary, detail, life: severity === 'error' ? 15000 : 8000 })
}

function currentName() {
  const path = manager().workflow?.activeWorkflow?.filename ?? ''
  return path.replace(/\.json$/, '') || 'workflow'
}

async function ask(title, message, defaultValue) {
  return await manager().dialog.prompt({ title, message, defaultValue })
}

async function answer(response) {
  const told = await response.json().catch(() => ({}))
  if (!response.ok) throw new Error(told.error?.message ?? response.statusText)
  return told
}

async function deploy() {
  const name = await ask('Deploy', 'Name of the workflow that is served:', currentName())
  if (!name) return
  const workflow = app.rootGraph?.serialize() ?? app.graph.serialize()
  try {
    const body = JSON.stringify({ name, workflow })
    const told = await answer(await api.fetchApi('/flowscale/deploy', { method: 'POST', body }))
    tell('success', 'Deployed', `POST /api/v1/runs with workflow_id=${told.deployment}`)
  } catch (error) {
    tell('error', 'Not deployed', error.message)
  }
}

async function save() {
  const name = await ask('Save', 'Name of the workflow:', currentName())
  if (!name) return
  const message = await ask('Save', 'What has changed?', '')
  if (message === null) return
  const path = encodeURIComponent(`workflows/${name}.json`)
  const query = new URLSearchParams({ overwrite: 'true', message })
  const body = JSON.stringify(app.rootGraph?.serialize() ?? app.graph.serialize())
  try {
    await answer(await api.fetchApi(`/userdata/${path}?${query}`, { method: 'POST', body }))
    tell('success', 'Saved', name)
  } catch (error) {
    tell('error', 'Not saved', error.message)
  }
}

app.registerExtension({
  name: 'flowscale.deploy',
  commands: [
    { id: 'FlowScale.Deploy', label: 'Deploy', icon: 'pi pi-cloud-upload', function: deploy },
    { id: 'FlowScale.Save', label: 'Save with a message', icon: 'pi pi-save', function: save }
  ],
  menuCommands: [{ path: ['FlowScale'], commands: ['FlowScale.Deploy', 'FlowScale.Save'] }]
})
